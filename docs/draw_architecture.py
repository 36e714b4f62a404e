"""Draws docs/architecture.svg: after a change here run this file, since a test compares the two."""

from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 1340, 640
EVENT, CLICK, DEADLINE, QUIET = "#1d5fbf", "#1b7f4b", "#c2500c", "#8a8a8a"
INK, PAPER, FILL, ROOM = "#1c1c1c", "#ffffff", "#fffdf5", "#f1f3f6"

# Boxes: left, top, width, height, title, lines below it.
ROOMS = (
    (280, 60, 230, 430, "web process"),
    (590, 60, 230, 350, "PostgreSQL: the truth"),
    (900, 60, 230, 430, "worker process"),
)
BOXES = (
    (20, 100, 190, 70, "Stream", ("posts a signed event",)),
    (20, 230, 190, 96, "People", ("Slack button, email link,", "dashboard, API")),
    (20, 400, 190, 70, "PagerDuty, Jira", ("post what people did",)),
    (300, 100, 190, 70, "receive", ("verify, store, answer 2xx",)),
    (300, 240, 190, 76, "act", ("lock, decide, commit;", "a lost race is an answer")),
    (300, 400, 190, 70, "callbacks", ("verify, store, answer 202",)),
    (610, 100, 190, 60, "events, callbacks", ("as they came, encrypted",)),
    (610, 180, 190, 60, "incidents", ("due_at: the deadline",)),
    (610, 260, 190, 60, "deliveries (outbox)", ("next_attempt_at, claim",)),
    (610, 340, 190, 52, "audit log", ("hash chain",)),
    (
        900,
        520,
        410,
        90,
        "engine, policy, schedules, rendering",
        ("Pure functions that decide and write texts.", "The same for live, explain, coverage, backtest."),
    ),
    (590, 430, 230, 60, "Redis", ("says only that there is work",)),
    (920, 100, 190, 60, "process events", ("and callbacks, in batches",)),
    (920, 190, 190, 60, "escalate", ("what is due, by its fence",)),
    (920, 300, 190, 60, "senders", ("threads: claim, call, retry",)),
    (920, 400, 190, 70, "sweep", ("finds all of it by itself,", "every 2 s")),
    (1190, 270, 130, 120, "Destinations", ("Slack", "PagerDuty, Jira", "Mattermost", "email, webhook")),
)
# Arrows: points, colour, number or empty, and whether it is only a hint that there is work.
ARROWS = (
    (((210, 135), (300, 135)), EVENT, "1", False),
    (((490, 125), (610, 125)), EVENT, "2", False),
    (((800, 125), (920, 125)), EVENT, "3", False),
    (((920, 145), (860, 145), (860, 195), (800, 195)), EVENT, "4", False),
    (((800, 280), (860, 280), (860, 320), (920, 320)), EVENT, "5", False),
    (((1110, 330), (1190, 330)), EVENT, "6", False),
    (((210, 278), (300, 278)), CLICK, "1", False),
    (((490, 265), (550, 265), (550, 220), (610, 220)), CLICK, "2", False),
    (((490, 290), (610, 290)), CLICK, "3", False),
    (((800, 212), (920, 212)), DEADLINE, "1", False),
    (((920, 235), (875, 235), (875, 270), (800, 270)), DEADLINE, "2", False),
    (((210, 435), (300, 435)), QUIET, "", False),
    (((490, 435), (570, 435), (570, 145), (610, 145)), QUIET, "", False),
    (((490, 155), (530, 155), (530, 460), (590, 460)), QUIET, "", True),
    (((820, 460), (900, 460)), QUIET, "", True),
)
WAYS = (
    (
        EVENT,
        "An event",
        "1 webhook · 2 stored before the 2xx · 3 taken in batches · 4 incident and deliveries, one transaction · "
        "5 claimed · 6 sent",
    ),
    (
        CLICK,
        "A click",
        "1 signed request · 2 incident locked, engine asked, one transaction · "
        "3 updates of all messages are put in the outbox",
    ),
    (
        DEADLINE,
        "A deadline",
        "1 due_at has passed · 2 the next step's deliveries and its new deadline, one transaction",
    ),
)


def _text(x: float, y: float, text: str, size: int = 13, style: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" {style}>{escape(text)}</text>'


def _room(left: int, top: int, width: int, height: int, title: str) -> str:
    frame = f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="10" fill="{ROOM}" stroke="#c9ced6"/>'
    return frame + _text(left + 16, top + 25, title, 14, 'font-weight="bold" fill="#4a5260"')


def _box(left: int, top: int, width: int, height: int, title: str, lines: tuple[str, ...]) -> str:
    frame = f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="6" fill="{FILL}" stroke="{INK}"/>'
    texts = [_text(left + 12, top + 24, title, 15, 'font-weight="bold"')]
    texts += [_text(left + 12, top + 44 + 18 * place, line) for place, line in enumerate(lines)]
    return frame + "".join(texts)


def _arrow(points: tuple[tuple[int, int], ...], colour: str, number: str, is_hint: bool) -> str:  # noqa: FBT001
    path = " ".join(f"{x},{y}" for x, y in points)
    dashes = ' stroke-dasharray="5 5"' if is_hint else ""
    line = (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes} '
        f'marker-end="url(#{colour.removeprefix("#")})"/>'
    )
    if not number:
        return line
    x, y = points[0][0] + 22 * (1 if points[1][0] > points[0][0] else -1), points[0][1]
    badge = f'<circle cx="{x}" cy="{y}" r="10" fill="{colour}"/>'
    return line + badge + _text(x, y + 4.5, number, 13, 'fill="#fff" font-weight="bold" text-anchor="middle"')


def _head(colour: str) -> str:
    return (
        f'<marker id="{colour.removeprefix("#")}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z" fill="{colour}"/></marker>'
    )


def _way(place: int, colour: str, title: str, text: str) -> str:
    y = 540 + 28 * place
    return _text(20, y, title, 14, f'font-weight="bold" fill="{colour}"') + _text(110, y, text, 13)


def draw() -> str:
    """Return the picture as SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" fill="{INK}">',
        "<title>How an event, a click and a deadline go through Escalator</title>",
        f"<defs>{''.join(_head(colour) for colour in (EVENT, CLICK, DEADLINE, QUIET))}</defs>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
        _text(20, 34, "Escalator", 20, 'font-weight="bold"'),
        *(_room(*room) for room in ROOMS),
        *(_arrow(*arrow) for arrow in ARROWS),
        *(_box(*box) for box in BOXES),
        *(_way(place, *way) for place, way in enumerate(WAYS)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("architecture.svg").write_text(draw(), encoding="utf-8")
