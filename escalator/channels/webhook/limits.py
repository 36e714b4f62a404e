"""How much a webhook says. Standard Webhooks 1.0.0 (standardwebhooks.com), "Payload size", asks for less than 20 kB."""

BODY_BYTES = 20_000

TEXT_BYTES = 900
LINES = 20
"""Ours, for what is about no incident: so many lines of so many bytes of JSON stay below BODY_BYTES."""
