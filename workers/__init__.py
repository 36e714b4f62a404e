"""Celery tasks that call the use cases."""
