"""Shared by all use cases: context, running policy, operator alerts, contacts, channels, clock, batches."""
