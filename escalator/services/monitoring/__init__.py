"""Whether the product itself is well: health, problems, watchdog, heartbeat, silent sources, undelivered incidents."""
