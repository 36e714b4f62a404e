"""The heat map of coverage: one picture, well-formed, that says in words what it shows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from escalator.engine.coverage.compute import compute_coverage
from escalator.plots.heatmap import coverage_heatmap
from escalator.policy.parse import load
from tests.plots.heatmap_policy import POLICY, parsed

SVG = "{http://www.w3.org/2000/svg}"
START = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def drawn() -> Element:
    policy = load(POLICY, {})
    found = compute_coverage(policy, START, START + timedelta(weeks=2), timedelta(minutes=30))
    return parsed(coverage_heatmap(found, policy))


def cells(drawn: Element, title: str) -> Iterator[tuple[str, str]]:
    """What a row shows: the look of each cell, and what it says."""
    for rect in drawn.iter(f"{SVG}rect"):
        said = rect.find(f"{SVG}title")
        if said is not None and said.text is not None and said.text.startswith(title):
            yield rect.attrib["class"], said.text.removeprefix(f"{title} · ")


def test_it_is_one_svg_with_a_name_and_nothing_from_outside(drawn):
    assert drawn.tag == f"{SVG}svg"
    assert drawn.attrib["role"] == "img"
    ids = {one.attrib["id"] for one in drawn.iter() if "id" in one.attrib}
    assert set(drawn.attrib["aria-labelledby"].split()) <= ids
    text = ElementTree.tostring(drawn, encoding="unicode")
    assert "href" not in text
    assert "@import" not in text
    assert text.count("url(") == text.count("url(#")


def test_texts_of_the_policy_stay_texts(drawn):
    assert not list(drawn.iter(f"{SVG}script"))
    assert any("<script>" in (text.text or "") for text in drawn.iter(f"{SVG}title"))


def test_every_row_fills_the_whole_week(drawn):
    widths: dict[str, int] = {}
    for rect in drawn.iter(f"{SVG}rect"):
        if rect.find(f"{SVG}title") is not None:
            begins = int(rect.attrib["x"]) - 196
            width = int(rect.attrib["width"]) + (begins % 6 == 1)
            widths[rect.attrib["y"]] = widths.get(rect.attrib["y"], 0) + width
    assert list(widths.values()) == [7 * 24 * 6] * 5


@pytest.mark.parametrize(
    ("title", "look", "said"),
    [
        pytest.param(
            "Self-harm <script>alert(1)</script> & more",
            "s0",
            "Mon 08:00–20:00\nat worst: Ana <Ruiz> & co, at once (critical, opened Mon 2026-03-02 08:00)",
            id="heard at once",
        ),
        pytest.param(
            "Self-harm <script>alert(1)</script> & more",
            "none",
            "Tue 00:00–08:00\nat worst: nobody, not even when the path begins again"
            " (critical, opened Tue 2026-03-03 00:00)",
            id="nobody",
        ),
        pytest.param(
            "Two",
            "s2",
            "Sun 00:00–24:00\nat worst: alerts, 10 min (critical, opened Sun 2026-03-08 00:00)",
            id="within minutes",
        ),
        pytest.param(
            "Three", "silent", "Wed 00:00–24:00\nsilent on purpose: the path has no steps", id="silent on purpose"
        ),
        pytest.param(
            "Four",
            "late",
            "Fri 18:00–24:00\nat worst: alerts, 2 d 15 h (critical, opened Fri 2026-03-06 18:00)",
            id="later than the target",
        ),
        pytest.param(
            "Uncategorised",
            "s0",
            "Thu 00:00–24:00\nat worst: alerts, at once (critical, opened Thu 2026-03-05 00:00)",
            id="what has no category",
        ),
    ],
)
def test_a_cell_shows_the_worst_of_its_hours_and_says_it(drawn, title, look, said):
    assert (look, said) in list(cells(drawn, title))


def test_the_hour_before_the_hours_open_shows_its_first_minute(drawn):
    """From 08:30 on somebody hears in time; at 08:00 it is an hour, and the hour is as bad as that."""
    looks = {said.split("\n")[0]: look for look, said in cells(drawn, "Four")}
    assert (looks["Mon 00:00–09:00"], looks["Mon 09:00–18:00"]) == ("late", "s0")


def test_the_legend_names_every_look(drawn):
    texts = {text.text for text in drawn.iter(f"{SVG}text")}
    assert {"within 1 min", "within 30 min", "later than 30 min", "nobody", "silent on purpose"} <= texts
