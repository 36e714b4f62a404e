"""Figures of a time span, and the weekly review."""
