"""Digests: regular summaries of what was logged, what is open, and what waits in Stream."""
