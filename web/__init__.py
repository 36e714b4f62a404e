"""Doorways from HTTP into the use cases."""
