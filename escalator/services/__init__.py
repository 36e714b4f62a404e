"""The use cases: load, ask the engine, save, and afterwards tell the workers."""
