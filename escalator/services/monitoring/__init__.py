"""Monitors the product itself: health, problems, watchdog, heartbeat, silent sources, undelivered incidents."""
