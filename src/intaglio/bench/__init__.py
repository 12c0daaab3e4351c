"""`intaglio bench`: Intaglio and its peers measured side by side, and a report to look at."""
