"""`intaglio serve`: an HTTP API, and the page that reads files in the browser. Needs the extra `serve`."""
