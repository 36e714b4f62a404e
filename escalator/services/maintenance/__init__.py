"""The periodic sweep and its jobs."""
