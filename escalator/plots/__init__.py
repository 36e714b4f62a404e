"""Pictures of what the engine says: pure functions from values to SVG, for files and pages alike."""
