"""Use cases that ask Stream by its API."""
