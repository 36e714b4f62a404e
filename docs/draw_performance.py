"""Draws docs/performance.svg from the first table of docs/performance.md: after a change there run this file."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, ROW, LEFT, RIGHT, TOP = 1100, 30, 430, 190, 70
MET, MISSED, BOUND, INK, PAPER, FAINT = "#1b7f4b", "#c2500c", "#1c1c1c", "#1c1c1c", "#ffffff", "#e6e8ec"
MOST = 3.0
"""A bar is at most three times as long as it may be."""

_NUMBER = re.compile(r"[\d.]+")


class Figure(NamedTuple):
    """A row: what was measured, as a share of its bound; above 1 it is missed. `shown` is what the table says."""

    what: str
    share: float
    shown: str


def figures(text: str) -> Iterator[Figure]:
    """Yield the rows of the first table: what, ours, beside it, measured, bound."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("|---"):
            break
    for line in lines:
        if not line.startswith("|"):
            return
        what, _ours, _beside, measured, bound = (cell.strip() for cell in line.strip("|").split("|"))
        value, limit = (float(_NUMBER.findall(cell)[0]) for cell in (measured, bound))
        yield Figure(what, limit / value if bound.startswith("at least") else value / limit, f"{measured} ({bound})")


def draw() -> str:
    """Return the drawing as SVG."""
    rows = list(figures((Path(__file__).parent / "performance.md").read_text(encoding="utf-8")))
    height = TOP + ROW * len(rows) + 20
    unit = (WIDTH - LEFT - RIGHT) / MOST
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>',
        f'<text x="20" y="30" font-size="18" fill="{INK}">Measured, as a share of what is allowed</text>',
        f'<text x="{LEFT + unit:.0f}" y="{TOP - 12}" text-anchor="middle" fill="{INK}">allowed</text>',
    ]
    for number, row in enumerate(rows):
        y = TOP + ROW * number
        length = min(row.share, MOST) * unit
        color = MET if row.share <= 1 else MISSED
        parts += [
            f'<rect x="{LEFT}" y="{y + 4}" width="{MOST * unit:.0f}" height="{ROW - 10}" fill="{FAINT}"/>',
            f'<rect x="{LEFT}" y="{y + 4}" width="{length:.0f}" height="{ROW - 10}" fill="{color}"/>',
            f'<text x="{LEFT - 10}" y="{y + 19}" text-anchor="end" fill="{INK}">{escape(row.what)}</text>',
            f'<text x="{LEFT + MOST * unit + 10:.0f}" y="{y + 19}" fill="{INK}">{escape(row.shown)}</text>',
        ]
    end = TOP + ROW * len(rows)
    parts += [
        f'<line x1="{LEFT + unit:.0f}" y1="{TOP - 6}" x2="{LEFT + unit:.0f}" y2="{end}" stroke="{BOUND}"/>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("performance.svg").write_text(draw(), encoding="utf-8")
