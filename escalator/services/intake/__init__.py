"""Intake: events received from Stream become incidents; people open incidents by hand."""
