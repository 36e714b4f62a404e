"""Deciding about incidents in one transaction: actions of people, escalation, grouping."""
