"""Calls to vendors: what one call is, how calls share the sender threads, and which endpoints are left alone."""
