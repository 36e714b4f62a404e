"""The values that all other packages use: frozen, typed, without I/O."""
