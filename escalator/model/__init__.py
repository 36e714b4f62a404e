"""The values that every other room passes around: frozen, typed, without any I/O."""
