"""Decides about incidents in one transaction: people's actions, escalation, grouping."""
