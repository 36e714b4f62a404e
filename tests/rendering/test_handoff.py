"""What people read when a shift changes: which incidents, how they stand, and never what is in them."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from escalator.engine.handoff import HandoffRole
from escalator.model.incident import DueKind, State
from escalator.model.levels import Role, Severity
from escalator.model.policy import Person
from escalator.rendering.buttons import decode
from escalator.rendering.handoff import MOST_LINES, ShiftView, card
from escalator.rendering.redaction import names_by_key
from tests.rendering.builders import NOW, OPENED, SECRETS, TAKEN, a_policy, an_incident, spoken

WAITING = an_incident()
TAKEN_BY_ANA = an_incident(id=UUID(int=2), number=1043, **TAKEN)
SNOOZED = replace(
    TAKEN_BY_ANA,
    id=UUID(int=3),
    number=1044,
    state=State.SNOOZED,
    due_kind=DueKind.SNOOZE_END,
    due_at=OPENED + timedelta(minutes=20),
    severity=Severity.HIGH,
)


def a_view(part=HandoffRole.ON, *incidents, reader="ben", policy=None, **changes):
    titled = tuple((one, "Self-harm") for one in incidents)
    return ShiftView(part, "child-safety", reader, titled, policy or a_policy(), NOW, **changes)


ALL = (WAITING, TAKEN_BY_ANA, SNOOZED)


def test_who_comes_on_reads_how_everything_stands():
    said = card(a_view(HandoffRole.ON, *ALL))
    assert said.text == "Your shift for child-safety: 3 open, 2 critical"
    assert spoken(said) == [
        "Your shift: child-safety",
        "#1042 CRITICAL · Self-harm · unacknowledged since 14:03",
        "#1043 CRITICAL · Self-harm · with Ana Ruiz for 1 min",
        "#1044 HIGH · Self-harm · snoozed by Ana Ruiz until 14:23",
        "You can take over incidents from people who are no longer on call.",
    ]
    assert [one.label for one in said.buttons] == ["Take over #1042", "Take over #1043", "Take over #1044"]


def test_where_nobody_holds_anything_there_is_no_hint():
    assert len(card(a_view(HandoffRole.ON, WAITING)).lines) == 1


def test_each_button_is_about_its_own_incident_as_it_stands():
    said = card(a_view(HandoffRole.ON, *ALL))
    brought = [decode(one.value) for one in said.buttons]
    assert [(one.incident_id, one.round, one.fence) for one in brought] == [(one.id, 1, 3) for one in ALL]
    assert said.is_bulletin


def test_what_is_the_readers_own_has_no_button():
    said = card(a_view(HandoffRole.ON, *ALL, reader="ana"))
    assert "#1043 CRITICAL · Self-harm · with you for 1 min" in spoken(said)
    assert [one.label for one in said.buttons] == ["Take over #1042"]


def test_who_goes_off_reads_what_they_still_hold_and_may_release_it():
    said = card(a_view(HandoffRole.OFF, TAKEN_BY_ANA, SNOOZED, reader="ana"))
    assert said.text == said.header == "You still own 2 incidents of child-safety"
    assert [one.label for one in said.buttons] == ["Release #1043", "Release #1044"]
    assert "The people now on call can take them over" in spoken(said)[-1]


def test_the_lead_reads_what_is_critical_and_nobodys():
    said = card(a_view(HandoffRole.LEAD, WAITING, reader="dana"))
    assert said.text == "1 critical incident of child-safety without an owner"
    assert [one.label for one in said.buttons] == ["Take over #1042"]


@pytest.mark.parametrize(
    ("part", "text"),
    [
        pytest.param(HandoffRole.ON, "Your shift for child-safety: nothing is open", id="on"),
        pytest.param(HandoffRole.OFF, "You still own no incidents of child-safety", id="off"),
        pytest.param(HandoffRole.LEAD, "No critical incidents of child-safety without an owner", id="lead"),
    ],
)
def test_what_has_ended_before_it_was_told_is_not_told(part, text):
    said = card(a_view(part))
    assert (said.text, said.lines, said.buttons) == (text, (), ())


@pytest.mark.parametrize(
    ("count", "more"), [(MOST_LINES, None), (MOST_LINES + 1, "and 1 more")], ids=["all fit", "one too many"]
)
def test_a_long_list_is_cut_and_says_so(count, more):
    many = [replace(WAITING, id=UUID(int=n), number=n) for n in range(count)]
    said = card(a_view(HandoffRole.ON, *many))
    assert len(said.buttons) == MOST_LINES
    assert (spoken(said)[MOST_LINES + 1] if more else None) == more
    assert said.text == f"Your shift for child-safety: {count} open, {count} critical"


def test_where_there_are_more_than_were_looked_at_the_number_is_a_least():
    assert (
        card(a_view(HandoffRole.OFF, TAKEN_BY_ANA, is_cut=True)).text
        == "You still own 1 or more incidents of child-safety"
    )


def test_a_group_is_one_line_that_counts():
    said = card(a_view(HandoffRole.ON, replace(WAITING, member_count=12)))
    assert "#1042 CRITICAL · Self-harm · 12 alerts · unacknowledged since 14:03" in spoken(said)


@pytest.mark.parametrize("part", HandoffRole)
def test_nothing_of_the_content_is_said(part):
    said = "\n".join(spoken(card(a_view(part, *ALL, reader="ana"))))
    assert [secret for secret in SECRETS if secret in said] == []


def test_outside_slack_people_are_keys():
    said = card(a_view(HandoffRole.ON, TAKEN_BY_ANA, policy=names_by_key(a_policy())))
    assert "with ana for" in spoken(said)[1]


def test_who_may_take_nothing_over_is_offered_nothing():
    people = a_policy().people | {"vera": Person("vera", "Vera Lund", role=Role.VIEWER)}
    assert card(a_view(HandoffRole.LEAD, WAITING, reader="vera", policy=a_policy(people=people))).buttons == ()
