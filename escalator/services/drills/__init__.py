"""Drills: run and judged."""
