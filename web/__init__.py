"""Routes that call the use cases."""
