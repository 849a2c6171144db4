"""Pages of the human side, one file per group."""
