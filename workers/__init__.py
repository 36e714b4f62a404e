"""Doorways from Celery into the use cases."""
