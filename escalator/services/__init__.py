"""The use cases: load, call the engine, save, and then notify the workers."""
