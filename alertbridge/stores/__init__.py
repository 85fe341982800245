"""Where notifications are kept: one file per store, all under one contract."""
