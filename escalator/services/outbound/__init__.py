"""Calls to vendors: one call, how calls share the sender threads, and which endpoints are not called."""
