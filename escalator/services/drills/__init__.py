"""Runs and judges drills."""
