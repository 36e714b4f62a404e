"""Decide what happens next, in pure functions over values. Live operation, `explain` and previews all use it."""
