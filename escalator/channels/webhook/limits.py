"""How much a webhook says. Standard Webhooks 1.0.0 (standardwebhooks.com), "Payload size", asks for less than 20 kB."""

BODY_BYTES = 20_000

TEXT = 300
LINES = 20
"""Ours, in characters and lines, for what is about no incident: below BODY_BYTES in every script."""
