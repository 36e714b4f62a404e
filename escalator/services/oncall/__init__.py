"""Who is on call: handoff messages, overrides, calendar feeds."""
