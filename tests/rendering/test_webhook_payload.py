"""What machines are told: every state by the published schema, and nothing that the content rule keeps."""

import itertools
import json
from dataclasses import replace
from datetime import timedelta

import jsonschema
import pytest

from escalator.model.destination_kind import DestinationKind
from escalator.model.facts import Content, Facts
from escalator.model.incident import Outcome, State
from escalator.model.levels import ContentRule, Severity
from escalator.rendering import webhook_payload
from tests.doubles.webhook import SCHEMA
from tests.rendering.builders import NOW, OPENED, SECRETS, TAKEN, TEXT, a_view, some_content

DATA = jsonschema.Draft202012Validator({"$ref": "#/$defs/incident", "$defs": SCHEMA["$defs"]})
RESOLVED = {
    **TAKEN,
    "state": State.RESOLVED,
    "outcome": Outcome.NO_VIOLATION,
    "closed_by": "stream:mod-7",
    "closed_at": NOW,
    "due_kind": None,
    "due_at": None,
}
STATES = {
    "triggered": {},
    "before the first step": {"step": -1, "send_number": 0},
    "acknowledged": TAKEN,
    "snoozed": {**TAKEN, "state": State.SNOOZED},
    "logged": {"state": State.LOGGED, "step": -1, "send_number": 0, "round": 1, "due_kind": None, "due_at": None},
    "resolved": RESOLVED,
    "merged": {**RESOLVED, "state": State.MERGED, "outcome": None, "merged_into": 1041},
    "grouped": {"state": State.GROUPED, "group": 1041, "due_kind": None, "due_at": None},
    "a group": {"member_count": 37},
    "nothing known": {"facts": Facts(), "content": Content(), "links": {}, "category": None, "severity_reason": ""},
}


def told(*, asks=False, **how):
    return webhook_payload.data(a_view(channel=DestinationKind.WEBHOOK, wants_content=asks, **how))


@pytest.mark.parametrize(("state", "rule", "asks"), list(itertools.product(STATES, ContentRule, [False, True])))
def test_every_state_is_told_by_the_schema(state, rule, asks):
    said = told(asks=asks, content_rule=rule, **STATES[state])
    assert [error.message for error in DATA.iter_errors(json.loads(json.dumps(said)))] == []


def test_a_page_is_told_by_ids_and_figures():
    assert told() == {
        "number": 1042,
        "state": "triggered",
        "category": "self_harm",
        "severity": "critical",
        "content": "hide",
        "is_test": False,
        "is_drill": False,
        "group": None,
        "members": None,
        "opened_at": "2026-08-20T14:03:00.000Z",
        "waiting_since": "2026-08-20T14:03:00.000Z",
        "acknowledged_at": None,
        "resolved_at": None,
        "seconds_to_acknowledge": None,
        "seconds_to_resolve": None,
        "source": "chat-prod",
        "severity_reason": "Stream's text severity is critical",
        "route": None,
        "path": None,
        "round": 1,
        "step": 1,
        "sending": 1,
        "owner": None,
        "actor": None,
        "outcome": None,
        "merged_into": None,
        "kinds": ["image", "text"],
        "languages": ["en"],
        "action": "flag",
        "actions": ["flag"],
        "item_id": "item-7",
        "entity_type": "stream:chat:v1:message",
        "entity_id": "user-42-m1",
        "author_id": "user-42",
        "reports": 0,
        "flagged_before": 3,
        "author_name": None,
        "snippet": None,
    }


def test_what_is_withheld_is_told_by_number_category_severity_state_and_times():
    said = told(asks=True, content_rule=ContentRule.WITHHOLD, **RESOLVED)
    known = {name: value for name, value in said.items() if value not in (None, False)}
    assert known == {
        "number": 1042,
        "state": "resolved",
        "category": "self_harm",
        "severity": "critical",
        "content": "withhold",
        "opened_at": "2026-08-20T14:03:00.000Z",
        "waiting_since": "2026-08-20T14:03:00.000Z",
        "acknowledged_at": "2026-08-20T14:03:57.000Z",
        "resolved_at": "2026-08-20T14:05:00.000Z",
        "seconds_to_acknowledge": 57.0,
        "seconds_to_resolve": 120.0,
    }
    assert not [secret for secret in SECRETS if secret in json.dumps(said)]


@pytest.mark.parametrize(
    ("rule", "asks", "is_told"),
    [
        pytest.param(ContentRule.SHOW, True, True, id="shown to who asks"),
        pytest.param(ContentRule.SHOW, False, False, id="not to who does not ask"),
        pytest.param(ContentRule.HIDE, True, False, id="hidden from who asks"),
        pytest.param(ContentRule.WITHHOLD, True, False, id="withheld from who asks"),
    ],
)
def test_content_is_told_only_where_both_say_so(rule, asks, is_told):
    said = told(asks=asks, content_rule=rule)
    assert (said["snippet"], said["author_name"]) == ((TEXT, "Jess") if is_told else (None, None))
    assert (TEXT in json.dumps(said)) is is_told


def test_the_stricter_rule_of_today_holds():
    view = a_view(channel=DestinationKind.WEBHOOK, wants_content=True, content_rule=ContentRule.SHOW)
    categories = {"self_harm": replace(view.running.categories["self_harm"], content=ContentRule.WITHHOLD)}
    said = webhook_payload.data(replace(view, running=replace(view.running, categories=categories)))
    assert (said["content"], said["snippet"], said["author_id"]) == ("withhold", None, None)


def test_an_answer_is_told_with_who_gave_it_and_how_long_it_took():
    said = told(**TAKEN)
    assert (said["owner"], said["actor"], said["seconds_to_acknowledge"]) == ("ana", "ana", 57.0)


def test_an_end_is_told_with_who_ended_it_and_how_long_it_took():
    said = told(**RESOLVED)
    assert (said["actor"], said["outcome"], said["seconds_to_resolve"]) == ("stream:mod-7", "no_violation", 120.0)


def test_who_did_what_is_told_may_be_somebody_else_by_now():
    assert told(actor="ben", **TAKEN)["actor"] == "ben"


def test_a_step_is_told_as_it_fired_however_far_the_incident_is_by_now():
    said = told(rung=(1, 1, 3), step=2, send_number=1, round=2)
    assert (said["round"], said["step"], said["sending"]) == (1, 2, 3)


def test_waiting_anew_is_counted_from_the_release():
    taken_at = NOW + timedelta(seconds=30)
    said = told(**{**TAKEN, "waiting_since": NOW, "acknowledged_at": taken_at})
    assert said["seconds_to_acknowledge"] == 30.0


def test_a_clock_that_was_set_back_makes_no_negative_time():
    assert told(**{**TAKEN, "acknowledged_at": OPENED - timedelta(seconds=1)})["seconds_to_acknowledge"] == 0


def test_whatever_stream_says_it_stays_small():
    many = {f"{index} " + "\U0001f600" * 500: OPENED for index in range(1_000)}
    view = a_view(
        channel=DestinationKind.WEBHOOK,
        wants_content=True,
        content_rule=ContentRule.SHOW,
        severity=Severity.CRITICAL,
        severity_reason="\ud83d" * 5_000,
        facts=Facts(dict.fromkeys(("kind", "language", "action", "report"), many), {}),
        content=some_content(text="\U0001f600" * 9_000, author_name="\U0001f600" * 9_000, author_id="\0" * 9_000),
        links=dict.fromkeys(("item_id", "entity_type", "entity_id", "user_id"), "\x7f" * 9_000),
    )
    said = webhook_payload.data(view)
    assert list(DATA.iter_errors(said)) == []
    assert len(json.dumps(said, ensure_ascii=False).encode()) < 15_000
    assert said["reports"] == 1_000
