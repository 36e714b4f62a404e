"""Every line of the example about people and time does what its comment says, on a moved clock and both databases.

It runs in the sandbox, so every destination takes part without an account: whom a step would have told is read off
its deliveries.
"""

from collections.abc import Mapping
from datetime import datetime

import pytest
from sqlalchemy import select

from escalator.store.tables import deliveries, incidents
from tests.policy.files import EXAMPLE
from tests.scenarios.harness import Harness
from tests.scenarios.stories import SELF_HARM, labelled

BANNED = "user.banned__by_automation"
UNKNOWN = "moderation.analysis.failed"
NIGHT = "2026-08-20T23:30Z"
"""Half past seven in the evening in New York: the office has closed."""


@pytest.fixture
def h(bare: Harness) -> Harness:
    return bare.start(EXAMPLE, mode="sandbox")


def told(h: Harness, number: int = 1001) -> dict[float, list[str]]:
    """Return whom each send of a step has told, by the minutes since the incident was opened."""
    question = (
        select(deliveries.c.destination, deliveries.c.created_at, incidents.c.opened_at)
        .join(incidents, incidents.c.id == deliveries.c.incident_id)
        .where(incidents.c.number == number, deliveries.c.kind == "page", deliveries.c.occasion == "step")
        .order_by(deliveries.c.created_at, deliveries.c.destination)
    )
    found: dict[float, list[str]] = {}
    with h.core.database.reading() as connection:
        for row in connection.execute(question):
            minutes = (row.created_at - row.opened_at).total_seconds() / 60
            found.setdefault(minutes, []).append(row.destination)
    return found


def at(h: Harness, instant: str) -> None:
    h.clock.move_to(datetime.fromisoformat(instant))


SENIORS = ["person:chen", "person:dana", "ts-pager"]
LEADS = ["person:dana", "ts-leads"]


@pytest.mark.parametrize(
    ("changes", "opened", "expected"),
    [
        pytest.param(
            labelled("CSAM"),
            "2026-08-20T14:03:10Z",
            {0: ["child-safety-room", "person:ana"], 5: SENIORS, 15: LEADS, 25: LEADS, 35: LEADS, 45: LEADS},
            id="child safety: Ana's week; the seniors; their lead four times",
        ),
        pytest.param(
            labelled("CSAM"),
            "2026-08-24T06:58Z",
            {0: ["child-safety-room", "person:ana"], 5: SENIORS, 15: LEADS, 25: LEADS, 35: LEADS, 45: LEADS},
            id="child safety: opened before the handover",
        ),
        pytest.param(
            labelled("CSAM"),
            "2026-08-24T07:00Z",
            {0: ["child-safety-room", "person:ben"], 5: SENIORS, 15: LEADS, 25: LEADS, 35: LEADS, 45: LEADS},
            id="child safety: Ben a week later, from nine in Madrid",
        ),
        pytest.param(
            labelled("CSAM"),
            "2026-10-26T07:59Z",
            {0: ["child-safety-room", "person:ben"], 5: SENIORS, 15: LEADS, 25: LEADS, 35: LEADS, 45: LEADS},
            id="child safety: Ben until nine in Madrid, in winter too",
        ),
        pytest.param(
            labelled("CSAM"),
            "2026-12-24T12:00Z",
            {0: ["child-safety-room", "person:ben"], 5: SENIORS, 15: LEADS, 25: LEADS, 35: LEADS, 45: LEADS},
            id="child safety: Ben over Christmas, instead of whoever it would be",
        ),
        pytest.param(
            {},
            "2026-08-20T21:59Z",
            {
                0: ["critical-alerts", "person:ben", "person:chen"],
                5: SENIORS,
                15: LEADS,
                25: LEADS,
                35: LEADS,
                45: LEADS,
            },
            id="self-harm in office hours, judged when it was opened",
        ),
        pytest.param(
            {},
            "2026-08-20T22:00Z",
            {0: ["critical-alerts", "ts-pager"], 5: LEADS, 10: LEADS, 15: LEADS, 20: LEADS},
            id="self-harm out of hours pages now",
        ),
        pytest.param(
            {},
            "2026-09-07T15:00Z",
            {0: ["critical-alerts", "ts-pager"], 5: LEADS, 10: LEADS, 15: LEADS, 20: LEADS},
            id="self-harm on Labor Day is out of hours",
        ),
    ],
)
def test_whom_a_path_tells_and_when(
    h: Harness, changes: Mapping[str, object], opened: str, expected: dict[float, list[str]]
) -> None:
    at(h, opened)
    h.post(SELF_HARM, **changes)
    h.fast_forward(minutes=46)
    assert told(h) == expected


@pytest.mark.parametrize(
    ("sample", "opened", "fires", "whom"),
    [
        pytest.param(
            BANNED, "2026-08-20T14:03:10Z", "2026-08-20T14:03:10Z", "team", id="quiet: in office hours at once"
        ),
        pytest.param(BANNED, NIGHT, "2026-08-21T13:00Z", "team", id="quiet: at nine the next morning"),
        pytest.param(BANNED, "2026-08-21T22:00Z", "2026-08-24T13:00Z", "team", id="quiet: after the weekend"),
        pytest.param(BANNED, "2026-09-04T23:00Z", "2026-09-08T13:00Z", "team", id="quiet: after Labor Day"),
        pytest.param(BANNED, "2026-10-30T23:00Z", "2026-11-02T14:00Z", "team", id="quiet: nine again as winter begins"),
        pytest.param(BANNED, "2027-03-12T23:00Z", "2027-03-15T13:00Z", "team", id="quiet: nine again as summer begins"),
        pytest.param(UNKNOWN, NIGHT, NIGHT, "critical-alerts", id="standard: waits for no hours"),
    ],
)
def test_a_step_that_falls_due_while_its_hours_are_closed_fires_when_they_open(
    h: Harness, sample: str, opened: str, fires: str, whom: str
) -> None:
    at(h, opened)
    h.post(sample)
    expected = ["person:ben", "person:chen"] if whom == "team" else [whom]
    assert h.incident()["state"] == "triggered"
    h.start("", mode="sandbox")
    waited = datetime.fromisoformat(fires) - datetime.fromisoformat(opened)
    h.fast_forward(minutes=waited.total_seconds() / 60 + 1)
    assert told(h) == {waited.total_seconds() / 60: expected}


def test_what_no_route_takes_waits_for_the_office(h: Harness) -> None:
    at(h, NIGHT)
    h.post("message.flagged__by_automod")
    assert (h.incident()["path"], told(h)) == ("triage", {})
    h.fast_forward(hours=14)
    assert told(h)[13.5 * 60] == ["critical-alerts"]


def test_a_path_that_ended_with_no_answer_starts_again_and_eli_hears_of_it(h: Harness) -> None:
    h.post(SELF_HARM)
    h.fast_forward(minutes=75)
    assert told(h)[75] == ["critical-alerts", "person:ben", "person:chen"]
    assert h.count(deliveries, occasion="restart", destination="person:eli") == 1


def test_of_a_restricted_category_eli_does_not_hear_who_may_not_see_it(h: Harness) -> None:
    h.post(SELF_HARM, **labelled("CSAM"))
    h.fast_forward(minutes=75)
    assert told(h)[75] == ["child-safety-room", "person:ana"]
    assert h.count(deliveries, kind="page", destination="person:eli") == 0
    assert [row["after"] for row in h.records("target.not_allowed")] == [{"target": "person:eli"}]
