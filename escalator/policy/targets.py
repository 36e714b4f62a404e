"""How a step, a route or an alarm names whom it means."""

TEAM = "team"
PREFIXES = ("team", "person", "schedule")


def spelled(value: object) -> str | None:
    """Return a target as one text, or None for what is none. YAML reads `team: x` in a list as a mapping."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and len(value) == 1:
        ((kind, name),) = value.items()
        if kind in PREFIXES and isinstance(name, str):
            return f"{kind}:{name}"
    return None
