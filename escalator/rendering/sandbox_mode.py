"""The line that every page, `doctor`, `readyz` and the log show in sandbox mode."""


def notice(alerts: int) -> str:
    """Return `Sandbox mode: nothing is sent (10 alerts so far)`."""
    return f"Sandbox mode: nothing is sent ({alerts} {'alert' if alerts == 1 else 'alerts'} so far)"
