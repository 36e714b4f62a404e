"""Size limits of webhooks. Standard Webhooks 1.0.0 (standardwebhooks.com), "Payload size", asks for less than 20 kB."""

BODY_BYTES = 20_000

TEXT = 300
TEXT_BYTES = 900
LINES = 20
"""Ours, for messages without an incident (docs/feeds.schema.json): so many lines, each of at most so many characters
and bytes of JSON, are below BODY_BYTES."""
