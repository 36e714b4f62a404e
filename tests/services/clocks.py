"""Time that goes by in the steps in which a process of ours looks."""

STEP_S = 2


def go_by(core, seconds, look):
    """Let that much time go by, and let somebody look at its beginning and every two seconds."""
    look(core)
    for _step in range(seconds // STEP_S):
        core.clock.move(seconds=STEP_S)
        look(core)
