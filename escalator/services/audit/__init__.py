"""The audit log: search, export, and check of its hash chain."""
