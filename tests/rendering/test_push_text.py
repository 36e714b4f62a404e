"""The texts of a locked phone, word for word."""

from datetime import timedelta

import pytest

from escalator.model.incident import DueKind, Outcome, State
from escalator.model.levels import Severity
from escalator.model.message import Occasion
from escalator.rendering.card import text
from escalator.rendering.push_text import words, words_left
from tests.rendering.builders import NOW, OPENED, TAKEN, a_view


def minutes(count):
    return timedelta(minutes=count)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        pytest.param(
            {"now": OPENED},
            "CRITICAL · Self-harm · acknowledge within 5 min · #1042",
            id="the first is asked to answer",
        ),
        pytest.param(
            {"now": OPENED + timedelta(seconds=2)},
            "CRITICAL · Self-harm · acknowledge within 5 min · #1042",
            id="a page that is two seconds late says the same",
        ),
        pytest.param(
            {"now": OPENED, "category": None, "severity": Severity.UNKNOWN},
            "UNKNOWN · Uncategorised · acknowledge within 5 min · #1042",
            id="an item without a category says no word about the harm",
        ),
        pytest.param(
            {"now": OPENED, "due_at": None, "due_kind": None},
            "CRITICAL · Self-harm · acknowledge · #1042",
            id="without a deadline no limit is promised",
        ),
        pytest.param(
            {"now": OPENED + minutes(5), "step": 1},
            "Nobody answered for 5 min: CRITICAL · Self-harm is now with you · #1042",
            id="the next step says how long nobody has answered",
        ),
        pytest.param(
            {"now": OPENED + minutes(25), "step": 2, "send_number": 2},
            "Still unanswered after 25 min: CRITICAL · Self-harm is now with you · #1042",
            id="a repeat says that it is still unanswered",
        ),
        pytest.param(
            {"now": OPENED + minutes(75), "restarts": 1},
            "Still unanswered after 1 h 15 min: CRITICAL · Self-harm is now with you · #1042",
            id="a path begun again says so too",
        ),
        pytest.param(
            {"now": OPENED + minutes(31), "waiting_since": OPENED + minutes(30), "step": 1},
            "Nobody answered for 1 min: CRITICAL · Self-harm is now with you · #1042",
            id="after a release the wait counts from the release",
        ),
        pytest.param(
            {"now": OPENED + minutes(2), "step": 1, "occasion": Occasion.ONE_MORE},
            "CRITICAL · Self-harm · acknowledge within 3 min · #1042",
            id="who must be the second is asked like the first",
        ),
        pytest.param(
            {"now": OPENED + minutes(2), "step": 1, "send_number": 2, "occasion": Occasion.HAND_OVER},
            "CRITICAL · Self-harm · acknowledge within 3 min · #1042",
            id="who is handed it is asked like the first",
        ),
        pytest.param({**TAKEN}, "#1042 taken by Ana Ruiz after 57 s", id="an answer names who and how fast"),
        pytest.param(
            {**TAKEN, "owner": "child-safety"},
            "#1042 taken by child safety after 57 s",
            id="a stranger's answer makes it the team's",
        ),
        pytest.param(
            {**TAKEN, "state": State.SNOOZED}, "#1042 taken by Ana Ruiz after 57 s", id="who snoozes it keeps it"
        ),
        pytest.param(
            {**TAKEN, "occasion": Occasion.REMIND, "due_kind": DueKind.RESOLVE_WITHIN, "due_at": NOW + minutes(5)},
            "CRITICAL · Self-harm · resolve within 5 min · #1042",
            id="the owner is reminded before the second clock ends",
        ),
        pytest.param(
            {"state": State.RESOLVED, "outcome": Outcome.ACTION_TAKEN, "closed_by": "ana", "due_at": None},
            "#1042 resolved by Ana Ruiz: action taken",
            id="the end names who and how",
        ),
        pytest.param(
            {"state": State.RESOLVED, "outcome": Outcome.REVIEWED_IN_STREAM, "closed_by": "stream:m9", "due_at": None},
            "#1042 resolved by a reviewer in Stream: reviewed in Stream",
            id="a stranger in Stream is not named",
        ),
        pytest.param(
            {"state": State.RESOLVED, "outcome": Outcome.DUPLICATE, "due_at": None},
            "#1042 resolved by automation: duplicate",
            id="nobody is automation",
        ),
        pytest.param(
            {"state": State.MERGED, "merged_into": 1007, "due_at": None},
            "#1042 is now part of #1007",
            id="a merged one says where it goes on",
        ),
        pytest.param(
            {"state": State.GROUPED, "group": 1007, "due_at": None},
            "#1042 is now part of #1007",
            id="one of many says where it is told",
        ),
        pytest.param(
            {"now": OPENED, "drill": "Weekly"},
            "DRILL · CRITICAL · Self-harm · acknowledge within 5 min · #1042",
            id="a drill says so first",
        ),
        pytest.param({**TAKEN, "is_test": True}, "TEST · #1042 taken by Ana Ruiz after 57 s", id="a diverted one too"),
    ],
)
def test_a_locked_phone_shows(view, expected):
    assert text(a_view(**view)) == expected


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "0 s"),
        (0, "0 s"),
        (57, "57 s"),
        (59.6, "1 min"),
        (60, "1 min"),
        (299.7, "5 min"),
        (301, "5 min"),
        (3600, "1 h"),
        (3900, "1 h 5 min"),
        (86_400, "1 d"),
        (97_200, "1 d 3 h"),
    ],
)
def test_a_duration_is_said_as_people_say_it(seconds, said):
    assert words(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-1, "0 s"), (4.2, "5 s"), (59.2, "1 min"), (61, "2 min"), (299, "5 min"), (300, "5 min"), (3541, "1 h")],
)
def test_the_time_left_is_rounded_up(seconds, said):
    assert words_left(timedelta(seconds=seconds)) == said
