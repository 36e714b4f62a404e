"""Length limits of PagerDuty, with their sources.

developer.pagerduty.com/docs/send-alert-event (Events API v2), unless another page is named.
"""

EVENT_BYTES = 512 * 1024
"""Of the JSON of a whole event; a larger one is answered with 413."""

SUMMARY = 1_024
"""In characters."""

DEDUP_KEY = 255

FIELD = 255
"""Ours, for `component`, `group`, `class` and the texts of links, which are not documented."""

DETAILS = 16_000
LINKS = 8
URL = 2_000
"""Ours, in UTF-16 units: with them an event stays below EVENT_BYTES, though a unit may take 6 bytes of JSON."""
