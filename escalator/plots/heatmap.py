"""Coverage as a heatmap: a row for each category, a column for each hour of the week, darker the longer the wait.

The SVG loads nothing: a page may embed it, and it is complete as a file. Missing coverage is hatched and not only
coloured, and every cell has its value as text.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from escalator.engine.coverage.values import Coverage, share_notified_within
from escalator.model.policy import Policy
from escalator.model.schedule import WEEKDAYS
from escalator.plots.coverage_week import HOURS, SLOTS, HourCell, Week, worst_weeks
from escalator.rendering.coverage import how_soon, percent
from escalator.rendering.push_text import words
from escalator.rendering.view import NO_TITLE

_LEFT, _TOP, _RIGHT, _BOTTOM = 196, 104, 172, 62
_COLUMN, _ROW, _GAP = 6, 22, 4
_GRID = SLOTS * _COLUMN
_LONGEST_LABEL = 26
_LETTER = 7
"""The width reserved for a letter, in any font."""
_STEPS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30))

_LIGHT = {
    "paper": "#ffffff", "ink": "#1f2328", "faint": "#59636e", "line": "#d1d9e0", "silent": "#eaeef2",
    "late": "#fde3d0", "late-line": "#c65102", "none": "#a40e26", "none-line": "#ffffff",
    "s0": "#d7eee4", "s1": "#9fd6cb", "s2": "#5fb0bf", "s3": "#3a7fae", "s4": "#39508d",
}  # fmt: skip
_DARK = {
    "paper": "#0d1117", "ink": "#f0f6fc", "faint": "#9198a1", "line": "#3d444d", "silent": "#21262d",
    "late": "#4d2a15", "late-line": "#ffa657", "none": "#ff6a69", "none-line": "#0d1117",
    "s0": "#12333a", "s1": "#1b5661", "s2": "#2a7f8f", "s3": "#56adcb", "s4": "#a5d3f5",
}  # fmt: skip
_FONT = """
text { font: 12px system-ui, "Segoe UI", "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; }
.title { font-size: 18px; font-weight: 600; }
.small { font-size: 10px; }
.day { font-weight: 600; }
"""


def coverage_heatmap(coverage: Coverage, policy: Policy) -> str:
    """Return the heatmap as SVG, for the categories of the policy in its order."""
    rows = worst_weeks(coverage)
    height = _TOP + len(rows) * (_ROW + _GAP) + _BOTTOM
    svg = _sheet(_LEFT + _GRID + _RIGHT, height)
    _heading(svg, coverage)
    _days(svg, _TOP + len(rows) * (_ROW + _GAP))
    for place, (category, week) in enumerate(rows.items()):
        _row(svg, _TOP + place * (_ROW + _GAP), _title(category, policy), week, coverage, policy)
    _legend(svg, height - 22, coverage.target)
    indent(svg)
    return tostring(svg, encoding="unicode") + "\n"


def _sheet(width: int, height: int) -> Element:
    svg = Element(
        "svg",
        {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width} {height}", "width": str(width),
         "height": str(height), "role": "img", "aria-labelledby": "coverage-title coverage-about"},
    )  # fmt: skip
    SubElement(svg, "title", {"id": "coverage-title"}).text = "Coverage: how soon the first person is notified"
    about = "A row for each category, a column for each hour of the week; hatched where nobody is notified in time."
    SubElement(svg, "desc", {"id": "coverage-about"}).text = about
    dark = f"@media (prefers-color-scheme: dark) {{\n{_colours(_DARK)}\n}}\n"
    SubElement(svg, "style").text = f"{_FONT}{_colours(_LIGHT)}\n{dark}"
    defs = SubElement(svg, "defs")
    _pattern(defs, "late", 2, "M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2")
    _pattern(defs, "none", 1, "M0,6 l6,-6 M0,0 l6,6")
    SubElement(svg, "rect", {"class": "paper", "width": str(width), "height": str(height)})
    return svg


def _colours(palette: Mapping[str, str]) -> str:
    """Return the CSS rules for colours, written out, because not every viewer supports CSS variables."""
    rules = [
        f"text {{ fill: {palette['ink']}; }}",
        f".faint {{ fill: {palette['faint']}; }}",
        f".line {{ stroke: {palette['line']}; }}",
        *(f".{name}-line {{ stroke: {palette[f'{name}-line']}; }}" for name in ("late", "none")),
        *(f".{name}-ground {{ fill: {palette[name]}; }}" for name in ("late", "none")),
        *(f".{name} {{ fill: {palette[name]}; }}" for name in ("paper", "silent", "s0", "s1", "s2", "s3", "s4")),
        *(f".{name} {{ fill: url(#{name}); }}" for name in ("late", "none")),
    ]
    return "\n".join(rules)


def _pattern(defs: Element, name: str, width: int, line: str) -> None:
    size = {"width": "6", "height": "6"}
    pattern = SubElement(defs, "pattern", {"id": name, "patternUnits": "userSpaceOnUse", **size})
    SubElement(pattern, "rect", {"class": f"{name}-ground", **size})
    SubElement(pattern, "path", {"class": f"{name}-line", "stroke-width": str(width), "d": line})


def _heading(svg: Element, coverage: Coverage) -> None:
    _text(svg, 16, 32, "Coverage: how soon the first person is notified", "title")
    start, end = (at.astimezone(coverage.timezone) for at in (coverage.start, coverage.end))
    span = f"{start:%a %Y-%m-%d %H:%M} – {end:%a %Y-%m-%d %H:%M}, {coverage.timezone.key}"
    _text(
        svg, 16, 53, f"{span} · each hour shows its worst of all weeks, high and critical, if nobody answers", "faint"
    )
    _text(svg, _LEFT + _GRID + 16, 92, "covered", "small faint")
    _text(svg, _LEFT + _GRID + 82, 92, "longest wait", "small faint")


def _days(svg: Element, bottom: int) -> None:
    for day, name in enumerate(WEEKDAYS):
        left = _LEFT + day * HOURS * _COLUMN
        _text(svg, left + 4, 78, name.capitalize(), "day")
        for hour in (0, 6, 12, 18):
            _text(svg, left + hour * _COLUMN + (4 if hour == 0 else 0), 92, f"{hour:02}", "small faint")
    for day in range(len(WEEKDAYS) + 1):
        x = str(_LEFT + day * HOURS * _COLUMN)
        SubElement(svg, "line", {"class": "line", "x1": x, "x2": x, "y1": "66", "y2": str(bottom)})


def _row(svg: Element, top: int, title: str, week: Week, coverage: Coverage, policy: Policy) -> None:
    label = _text(svg, _LEFT - 12, top + 15, _shortened(title), "", anchor="end")
    SubElement(label, "title").text = title
    for start, end, cell in _runs(week, coverage.target):
        x, width = _LEFT + start * _COLUMN, (end - start) * _COLUMN
        # The line between two days stays visible.
        is_first = start % HOURS == 0
        box = {"x": str(x + is_first), "y": str(top), "width": str(width - is_first), "height": str(_ROW)}
        rect = SubElement(svg, "rect", {"class": _class(cell, coverage.target), **box})
        SubElement(rect, "title").text = f"{title} · {_span(start, end)}\n{_cell_words(cell, coverage, policy)}"
    cells = [cell for cell in week if cell is not None]
    if cells:
        share = _covered(coverage, cells)
        worst = max(cells, key=lambda cell: cell.badness)
        _text(svg, _LEFT + _GRID + 16, top + 15, share, "")
        _text(svg, _LEFT + _GRID + 82, top + 15, how_soon(worst.wait), "faint")


def _runs(week: Week, target: timedelta) -> Iterator[tuple[int, int, HourCell | None]]:
    """Yield runs of hours of a day with equal look and text: from, to, and the worst of them."""

    def looks(slot: int) -> tuple[object, ...]:
        cell = week[slot]
        who = cell.first.who if cell and cell.first else None
        return slot // HOURS, _class(cell, target), who

    for _look, same in groupby(range(SLOTS), key=looks):
        slots = list(same)
        cells = [cell for slot in slots if (cell := week[slot]) is not None]
        yield slots[0], slots[-1] + 1, max(cells, key=lambda cell: cell.badness, default=None)


def _class(cell: HourCell | None, target: timedelta) -> str:
    if cell is None:
        return "silent"
    if cell.wait is None:
        return "none"
    limits = _limits(target)
    return next((f"s{shade}" for shade, limit in limits.items() if cell.wait <= limit), "late")


def _limits(target: timedelta) -> Mapping[int, timedelta]:
    """Return the longest wait of each shade that is in time: fixed steps below the target, and the target."""
    return dict(enumerate([*(step for step in _STEPS if step < target), target]))


def _covered(coverage: Coverage, cells: Iterable[HourCell]) -> str:
    """Return the lowest share of time that is covered in any row of the category."""
    category = next(iter(cells)).row.category
    grades = {cell.row.severity for cell in cells}
    rows = [row for row in coverage.rows if row.category == category and row.severity in grades and not row.is_silent]
    return percent(min(share_notified_within(tuple(row.intervals_with_steps), coverage.target) for row in rows))


def _cell_words(cell: HourCell | None, coverage: Coverage, policy: Policy) -> str:
    """Return the text of a cell."""
    if cell is None:
        return "silent on purpose: the path has no steps"
    local: datetime = cell.opened.astimezone(coverage.timezone)
    who = cell.first.who if cell.first else "nobody"
    name = policy.people[who].name if cell.first and cell.first.is_person else who
    condition = "" if cell.row.is_unconditional else f", by {cell.row.conditional_route or 'the default path'}"
    notified = f"{name}, {how_soon(cell.wait)}" if cell.first else "nobody, not even when the path begins again"
    return f"at worst: {notified} ({cell.row.severity.value}{condition}, opened {local:%a %Y-%m-%d %H:%M})"


def _span(start: int, end: int) -> str:
    return f"{WEEKDAYS[start // HOURS].capitalize()} {start % HOURS:02}:00–{(end - 1) % HOURS + 1:02}:00"


def _legend(svg: Element, y: int, target: timedelta) -> None:
    entries = [(f"s{shade}", f"within {words(limit)}") for shade, limit in _limits(target).items()]
    entries += [("late", f"later than {words(target)}"), ("none", "nobody"), ("silent", "silent on purpose")]
    _text(svg, _LEFT - 12, y, "first notified", "faint", anchor="end")
    x = _LEFT
    for look, label in entries:
        SubElement(svg, "rect", {"class": look, "x": str(x), "y": str(y - 11), "width": "18", "height": "14"})
        _text(svg, x + 24, y, label, "faint")
        x += 44 + _LETTER * len(label)


def _title(category: str | None, policy: Policy) -> str:
    return policy.categories[category].title if category is not None else NO_TITLE


def _shortened(title: str) -> str:
    return title if len(title) <= _LONGEST_LABEL else f"{title[: _LONGEST_LABEL - 1]}…"


def _text(svg: Element, x: int, y: int, content: str, look: str, anchor: str = "start") -> Element:
    text = SubElement(svg, "text", {"x": str(x), "y": str(y), "class": look, "text-anchor": anchor})
    text.text = content
    return text
