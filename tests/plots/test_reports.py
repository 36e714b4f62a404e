"""The pictures of a report: what they say, and that nothing of a name becomes part of the picture."""

from datetime import timedelta
from xml.etree.ElementTree import Element, fromstring

from escalator.engine.statistics import DurationQuantiles
from escalator.plots.box_plot import duration_bars
from escalator.plots.hours import alerts_by_hour

SVG = "{http://www.w3.org/2000/svg}"


def a_spread(half, most):
    return DurationQuantiles(10, timedelta(minutes=half), timedelta(minutes=most))


def read(text) -> Element:
    return fromstring(text)  # noqa: S314  # what we have just made


def widths(svg, name):
    return [float(bar.get("width")) for bar in svg.iter(f"{SVG}rect") if bar.get("class") == name]


def test_a_longer_time_is_a_longer_bar():
    svg = read(duration_bars("Time", {"Threat": a_spread(1, 5), "Hate": a_spread(60, 600)}))
    assert widths(svg, "half")[0] < widths(svg, "most")[0] < widths(svg, "half")[1] < widths(svg, "most")[1]


def test_each_bar_says_in_words_what_it_shows():
    svg = read(duration_bars("Time", {"Threat": a_spread(1, 5)}))
    assert "Threat: median 1 min, p90 5 min" in [title.text for title in svg.iter(f"{SVG}title")]


def test_a_group_in_which_nothing_was_done_has_no_row():
    assert widths(read(duration_bars("Time", {"Threat": DurationQuantiles(0, None, None)})), "half") == []


def test_a_name_is_text_and_nothing_else():
    made = duration_bars("Time", {"<script>alert(1)</script>": a_spread(1, 5)})
    assert "<script>" not in made


def test_a_day_without_alerts_is_an_empty_day():
    assert [text.text for text in read(alerts_by_hour({})).iter(f"{SVG}text")] == [f"{hour:02}" for hour in range(24)]
