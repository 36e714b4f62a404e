"""What somebody is told whose act changed nothing."""

from datetime import timedelta

import pytest

from escalator.engine.permissions import Refusal, RefusalReason
from escalator.model.incident import State
from escalator.rendering.replies import done_words, refusal_words
from tests.rendering.builders import NOW, TAKEN, a_policy, an_incident, answered_by


@pytest.mark.parametrize(
    ("refusal", "incident", "said"),
    [
        pytest.param(
            Refusal(RefusalReason.ALREADY_TAKEN, "ana", NOW - timedelta(minutes=2)),
            TAKEN,
            "#1042 was already acknowledged by Ana Ruiz 2 min ago.",
            id="the second to acknowledge is told who was first and when",
        ),
        pytest.param(
            Refusal(RefusalReason.RESOLVED, "ben", NOW - timedelta(seconds=9)),
            {"state": State.RESOLVED},
            "#1042 was already resolved by Ben Okafor 9 s ago.",
            id="a click on a resolved one too",
        ),
        pytest.param(
            Refusal(RefusalReason.RESOLVED, "stream:m9"),
            {"state": State.RESOLVED},
            "#1042 was already resolved by a reviewer in Stream.",
            id="a stranger's review is nobody's name",
        ),
        pytest.param(
            Refusal(RefusalReason.STALE),
            TAKEN,
            "Nothing changed: that message was out of date. #1042 is owned by Ana Ruiz now.",
            id="an old button is answered with the present state",
        ),
        pytest.param(
            Refusal(RefusalReason.STALE),
            {},
            "Nothing changed: that message was out of date. #1042 is unacknowledged now.",
            id="which may be that nobody has it",
        ),
        pytest.param(
            Refusal(RefusalReason.NOT_YOURS, "child-safety"),
            TAKEN,
            "Nothing changed: #1042 is owned by child safety. A senior moderator can take it over.",
            id="a team may own it",
        ),
    ],
)
def test_a_refusal_says_who_and_what_now(refusal, incident, said):
    assert refusal_words(refusal, an_incident(**incident), a_policy(), NOW) == said


@pytest.mark.parametrize("why", RefusalReason)
def test_every_refusal_can_be_said_in_every_state(why):
    for state in State:
        said = refusal_words(Refusal(why), an_incident(state=state), a_policy(), NOW)
        assert said.endswith(".")
        assert "{" not in said


def test_a_stranger_is_told_their_own_id_and_what_to_do_with_it():
    for incident in (an_incident(), None):
        said = refusal_words(Refusal(RefusalReason.UNKNOWN_PERSON, "U0STRANGER"), incident, a_policy(), NOW)
        assert "`slack: U0STRANGER`" in said


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (RefusalReason.UNKNOWN_PERSON, "you are not in the escalation policy"),
        (RefusalReason.RESTRICTED, "there is no such incident"),
    ],
)
def test_without_an_incident_nothing_of_one_is_said(why, said):
    words = refusal_words(Refusal(why), None, a_policy(), NOW)
    assert said in words
    assert "#" not in words


@pytest.mark.parametrize(
    ("incident", "said"),
    [
        pytest.param(TAKEN, "#1042 is yours now", id="they have it"),
        pytest.param(TAKEN | {"owner": "ben"}, "#1042 is owned by Ben Okafor now", id="somebody else has it"),
        pytest.param({}, "#1042 is unacknowledged now", id="they have given it back"),
        pytest.param(
            {"acknowledgements": answered_by("ana"), "acks_needed": 2},
            "Your acknowledgement of #1042 counts; one more person has to acknowledge it",
            id="one of two answers",
        ),
    ],
)
def test_what_was_done_is_said_where_no_message_shows_it(incident, said):
    assert done_words("ana", an_incident(**incident), a_policy()) == said
