"""Figures of a period, and the weekly review."""
