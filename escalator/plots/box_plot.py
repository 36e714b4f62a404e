"""Durations as bars: one row for each group, its median within the dark part, its 90th percentile within the bar.

The axis is logarithmic, because minutes and days are on one axis. The SVG loads nothing and has no style: the page's
style sheet colours its classes.
"""

from collections.abc import Mapping
from datetime import timedelta
from math import log10
from xml.etree.ElementTree import Element, SubElement, tostring

from escalator.engine.statistics import DurationQuantiles
from escalator.rendering.push_text import words

_LEFT, _WIDTH, _ROW, _BOTTOM = 170, 430, 26, 30
_RIGHT = 150
_FIRST, _LAST = 1.0, 7 * 86400.0
_TICKS = tuple(timedelta(seconds=seconds) for seconds in (1, 10, 60, 600, 3600, 6 * 3600, 86400, 7 * 86400))
_LONGEST_LABEL = 24


def duration_bars(title: str, rows: Mapping[str, DurationQuantiles]) -> str:
    """Return the SVG for the rows in their order; rows without values are left out."""
    shown = {label: quantiles for label, quantiles in rows.items() if quantiles.p50 is not None}
    height = len(shown) * _ROW + _BOTTOM
    width = _LEFT + _WIDTH + _RIGHT
    svg = Element(
        "svg",
        {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width} {height}", "role": "img", "class": "spreads"},
    )
    SubElement(svg, "title").text = title
    _axis(svg, len(shown) * _ROW)
    for place, (label, quantiles) in enumerate(shown.items()):
        _bar(svg, place * _ROW, label, quantiles)
    return tostring(svg, encoding="unicode")


def _axis(svg: Element, bottom: int) -> None:
    for tick in _TICKS:
        x = f"{_x(tick):.1f}"
        SubElement(svg, "line", {"class": "tick", "x1": x, "x2": x, "y1": "0", "y2": str(bottom)})
        label = SubElement(svg, "text", {"class": "faint", "x": x, "y": str(bottom + 18), "text-anchor": "middle"})
        label.text = words(tick)


def _bar(svg: Element, top: int, label: str, quantiles: DurationQuantiles) -> None:
    half, nine_in_ten = quantiles.p50 or timedelta(0), quantiles.p90 or timedelta(0)
    text = SubElement(svg, "text", {"x": str(_LEFT - 12), "y": str(top + 17), "text-anchor": "end"})
    text.text = label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"
    group = SubElement(svg, "g")
    SubElement(group, "title").text = f"{label}: median {words(half)}, p90 {words(nine_in_ten)}"
    for name, span, inset in (("most", nine_in_ten, 8), ("half", half, 6)):
        box = {"x": str(_LEFT), "width": f"{max(_x(span) - _LEFT, 2):.1f}", "y": str(top + inset)}
        SubElement(group, "rect", {"class": name, "height": str(_ROW - 2 * inset), "rx": "3", **box})
    figures = SubElement(svg, "text", {"class": "faint", "x": f"{_x(nine_in_ten) + 8:.1f}", "y": str(top + 17)})
    figures.text = f"{words(half)} · {words(nine_in_ten)}"


def _x(span: timedelta) -> float:
    seconds = min(max(span.total_seconds(), _FIRST), _LAST)
    return _LEFT + _WIDTH * log10(seconds / _FIRST) / log10(_LAST / _FIRST)
