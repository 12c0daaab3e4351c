"""The command `intaglio`: one small file a command."""
