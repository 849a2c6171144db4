"""From a planned run to outputs: rows are claimed, asked and written down; every request is in a ledger."""
