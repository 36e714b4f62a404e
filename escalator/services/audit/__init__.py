"""The audit log: searched, exported, and its hash chain verified."""
