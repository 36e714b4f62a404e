"""The hours of a day as columns: how many alerts were opened in each, and how many of them were escalated.

The SVG loads nothing and has no style: the page's style sheet colours its classes.
"""

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, tostring

from escalator.engine.statistics import AlertStatistics

_COLUMN, _GAP, _HEIGHT, _BOTTOM, _TOP = 26, 4, 140, 24, 16
_HOURS = 24


def alerts_by_hour(by_hour: Mapping[int, AlertStatistics]) -> str:
    """Return the SVG; an hour without alerts is empty."""
    most = max((statistics.alerts for statistics in by_hour.values()), default=0) or 1
    size = f"0 0 {_HOURS * _COLUMN} {_TOP + _HEIGHT + _BOTTOM}"
    svg = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": size, "role": "img", "class": "hours"})
    SubElement(svg, "title").text = "Alerts by the hour of the day at which they were opened"
    for hour in range(_HOURS):
        _hour(svg, hour, by_hour.get(hour), most)
    return tostring(svg, encoding="unicode")


def _hour(svg: Element, hour: int, statistics: AlertStatistics | None, most: int) -> None:
    left = hour * _COLUMN
    middle = str(left + (_COLUMN - _GAP) / 2)
    label = SubElement(svg, "text", {"class": "faint", "x": middle, "y": str(_TOP + _HEIGHT + 17)})
    label.set("text-anchor", "middle")
    label.text = f"{hour:02}"
    if statistics is None:
        return
    group = SubElement(svg, "g")
    title = f"{hour:02}:00: {statistics.alerts} alerts, {statistics.escalated.part} escalated"
    SubElement(group, "title").text = title
    for name, count in (("most", statistics.alerts), ("urgent", statistics.escalated.part)):
        height = _HEIGHT * count / most
        box = {"x": str(left), "width": str(_COLUMN - _GAP), "y": f"{_TOP + _HEIGHT - height:.1f}"}
        SubElement(group, "rect", {"class": name, "height": f"{height:.1f}", "rx": "2", **box})
    figure = SubElement(
        svg, "text", {"x": middle, "y": f"{_TOP + _HEIGHT - _HEIGHT * statistics.alerts / most - 4:.1f}"}
    )
    figure.set("text-anchor", "middle")
    figure.text = str(statistics.alerts)
