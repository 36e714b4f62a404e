"""Stand-ins for the vendors in sandbox mode: what would have been sent becomes a row."""
