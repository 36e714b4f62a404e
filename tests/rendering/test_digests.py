"""A digest as it is read: numbers, the gravest first, bounded, in the zone of the digest."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from escalator.engine.digests import DigestPeriod
from escalator.model.levels import Severity
from escalator.model.message import Link
from escalator.policy.parse import load
from escalator.rendering.digests import MOST_LINES, DigestCount, DigestView, digest_card
from tests.policy.files import minimal

POLICY = load(minimal(), {})
VIEW = DigestView(
    name="Daily",
    period=DigestPeriod(datetime(2026, 10, 24, 7, tzinfo=UTC), datetime(2026, 10, 25, 8, tzinfo=UTC)),
    zone=ZoneInfo("Europe/Berlin"),
    policy=POLICY,
    base_url="https://esc.example.com",
    logged=(),
    still_open=(),
)
CSAM = DigestCount("csam", Severity.CRITICAL, 2, unacknowledged=1)


def texts(view: DigestView) -> list[str]:
    """Return the lines as they are read, without the addresses of links."""
    return [
        "".join(part.label if isinstance(part, Link) else str(part) for part in line)
        for line in digest_card(view).lines
    ]


def test_its_period_is_in_its_own_zone_also_when_clocks_change():
    assert texts(VIEW) == ["Sat 24 Oct 09:00 to Sun 25 Oct 09:00 (Europe/Berlin)"]


def test_one_that_covers_what_was_missed_says_so():
    period = replace(VIEW.period, has_missed=True)
    assert texts(replace(VIEW, period=period))[0].endswith(
        "; earlier digests were not sent, this one covers their time too"
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "Digest Daily: nothing is open, nothing was logged"),
        ({"queues": ("Backlog: nothing waits in Stream",)}, "Digest Daily: nothing is open, nothing was logged"),
        ({"still_open": (CSAM,)}, "Digest Daily: 2 open, 0 logged"),
        ({"logged": (CSAM, CSAM)}, "Digest Daily: 0 open, 4 logged"),
        ({"has_waiting": True}, "Digest Daily: 0 open, 0 logged; items wait in Stream"),
        ({"has_unknown": True}, "Digest Daily: 0 open, 0 logged"),
        ({"name": "Daily\n\u202eDigest"}, "Digest Daily Digest: nothing is open, nothing was logged"),
    ],
)
def test_a_locked_phone_shows_numbers_only(changes, text):
    assert digest_card(replace(VIEW, **changes)).text == text


def test_each_line_leads_to_the_incidents_it_counts():
    view = replace(VIEW, still_open=(CSAM,), logged=(DigestCount(None, Severity.LOW, 3),), queues=("Backlog: 2 items",))
    assert digest_card(view).lines[1:] == (
        ("Open: 2, 1 unacknowledged",),
        (
            "CRITICAL · Child safety: 2, 1 unacknowledged · ",
            Link("Show", "https://esc.example.com/?category=csam&severity=critical"),
        ),
        ("Logged, nobody was notified: 3",),
        ("LOW · Uncategorised: 3 · ", Link("Show", "https://esc.example.com/incidents?state=logged&severity=low")),
        ("Backlog: 2 items",),
        (
            Link("All open", "https://esc.example.com/"),
            " ",
            Link("All logged", "https://esc.example.com/incidents?state=logged"),
        ),
    )


def test_the_gravest_and_most_frequent_come_first_and_the_rest_is_a_number():
    grades = (Severity.LOW, Severity.CRITICAL, Severity.MEDIUM, Severity.UNKNOWN)
    counts = [DigestCount(f"c{number}", grades[number % 4], number + 1) for number in range(14)]
    lines = texts(replace(VIEW, logged=tuple(counts), queues=tuple(f"Q{number}" for number in range(13))))
    shown = [(line.partition(" ")[0], int(line.split()[-3])) for line in lines[3 : 3 + MOST_LINES]]
    assert shown == [
        *(("CRITICAL", count) for count in (14, 10, 6, 2)),
        *(("UNKNOWN", 12), ("MEDIUM", 11), ("UNKNOWN", 8), ("MEDIUM", 7), ("UNKNOWN", 4), ("MEDIUM", 3)),
    ]
    assert lines[3 + MOST_LINES] == "and 28 more"
    assert lines[-2:] == ["and 3 more queues of Stream", "All open All logged"]
