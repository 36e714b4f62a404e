"""How steps, routes and `alarms` spell targets."""

ASSIGNED_TEAM = "team"
TARGET_KINDS = ("team", "person", "schedule")


def target_text(value: object) -> str | None:
    """Return a target as one text, or None for what is none. YAML reads `team: x` in a list as a mapping."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and len(value) == 1:
        ((kind, name),) = value.items()
        if kind in TARGET_KINDS and isinstance(name, str):
            return f"{kind}:{name}"
    return None
