"""Channels: each vendor's message form, its HTTP calls, and the meaning of its answers."""
