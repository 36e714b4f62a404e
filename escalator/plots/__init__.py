"""Plots: pure functions from results of the engine to SVG, for files and pages."""
