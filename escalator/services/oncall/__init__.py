"""Who is on call: hand-off notices, overrides, calendar feeds."""
