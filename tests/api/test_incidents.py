"""What machines see of incidents and do about them: one installation, so each test has an incident of its own."""

from uuid import uuid4

import pytest

from escalator.services.intake.process import process_events
from escalator.services.intake.receive import WebhookReceiver, WebhookRequest
from escalator.stream.samples import sample
from escalator.stream.signature import sign
from tests.api.conftest import Machine
from tests.everybody import PEOPLE, SECRET_AUTHOR, number_of


@pytest.fixture
def number(core, of_senior):
    """The number of a new incident: a threat that nobody has answered."""
    body = sample("threat", core.clock.now(), lambda: str(uuid4()))
    WebhookReceiver(core).receive(WebhookRequest(body, "key", sign(body, "secret"), str(uuid4())))
    process_events(core)
    return of_senior.get("/incidents?limit=1")["items"][0]["number"]


def act(machine, number, verb, **asked):
    """What became of it: the status, and how it stands or why not."""
    answer = machine.ask("POST", f"/incidents/{number}/{verb}", **({"json": asked} if asked else {}))
    said = answer.get_json()
    return answer.status_code, said.get("code") or (said["state"], said["owner"])


def test_an_incident_is_acknowledged_snoozed_handed_over_and_resolved(machine, of_senior, number):
    assert act(machine, number, "acknowledge") == (200, ("acknowledged", "mo"))
    assert act(machine, number, "snooze", minutes=15) == (200, ("snoozed", "mo"))
    assert act(machine, number, "reassign", to="sen") == (200, ("triggered", "sen"))
    assert act(of_senior, number, "acknowledge") == (200, ("acknowledged", "sen"))
    assert act(of_senior, number, "still-on-it") == (200, ("acknowledged", "sen"))
    assert act(of_senior, number, "resolve", outcome="referred", reference="T-1") == (200, ("resolved", "sen"))
    assert act(of_senior, number, "reopen") == (200, ("triggered", "sen"))


def test_an_incident_is_released_escalated_taken_over_and_called_a_false_alarm(machine, of_senior, number):
    assert act(machine, number, "acknowledge") == (200, ("acknowledged", "mo"))
    assert act(of_senior, number, "take-over") == (200, ("acknowledged", "sen"))
    assert act(of_senior, number, "release") == (200, ("triggered", None))
    assert act(machine, number, "escalate") == (200, ("triggered", None))
    assert act(machine, number, "note", note="Seen before.") == (200, ("triggered", None))
    assert act(machine, number, "false-alarm") == (200, ("resolved", "mo"))


def test_who_comes_second_is_told_who_was_first_by_their_key(machine, of_senior, number):
    act(machine, number, "acknowledge")
    answer = of_senior.ask("POST", f"/incidents/{number}/acknowledge")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "already_taken")
    assert "already acknowledged by mo" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("verb", "asked", "refused"),
    [
        pytest.param("release", {}, (409, "not_now"), id="what nobody has cannot be released"),
        pytest.param("reopen", {}, (403, "role"), id="only seniors reopen"),
        pytest.param("resolve", {"outcome": "referred"}, (409, "no_reference"), id="what was referred says where to"),
        pytest.param("resolve", {"outcome": "boredom"}, (400, "bad_request"), id="an outcome that there is not"),
        pytest.param("snooze", {"minutes": 0}, (400, "bad_request"), id="no time at all"),
        pytest.param("note", {"note": ""}, (400, "bad_request"), id="a note without a word"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_code(machine, number, verb, asked, refused):
    assert act(machine, number, verb, **asked) == refused


def test_an_act_by_a_token_is_recorded_as_one_by_its_person_through_the_api(machine, number):
    act(machine, number, "acknowledge")
    line = machine.get(f"/records?incident={number}&action=incident.acknowledged")["items"][0]
    assert (line["actor"], line["via"]) == ({"kind": "person", "key": "mo"}, "api")


def test_an_incident_tells_what_has_happened_and_who_was_told_but_never_its_content(core, machine):
    found = machine.ask("GET", f"/incidents/{number_of(core, 'self_harm')}")
    said = found.get_json()
    assert said["said"]["content"] == "Text hidden, 59 characters, English"
    assert [one["action"] for one in said["timeline"]][:1] == ["incident.opened"]
    assert {one["destination"] for one in said["deliveries"]} >= {"critical-alerts"}
    assert "goodbye" not in found.text.lower()


def test_of_what_is_withheld_not_even_its_author_is_told(core, app):
    insider = Machine(core, app, PEOPLE["auditor"])
    assert insider.ask("GET", f"/incidents/{number_of(core, 'csam')}").status_code == 404
    assert SECRET_AUTHOR not in insider.ask("GET", "/incidents").text


def test_pages_leave_out_none_and_show_none_twice(machine, of_senior, number):
    seen, address = [], "/incidents?limit=1"
    while address:
        page = machine.get(address.removeprefix("/api/v1"))
        seen += [one["number"] for one in page["items"]]
        address = page["next"]
    whole = [one["number"] for one in machine.get("/incidents?limit=100")["items"]]
    assert seen == whole
    assert seen == sorted(set(seen), reverse=True)


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        pytest.param("severity=high&category=threat", True, id="what holds"),
        pytest.param("severity=critical", False, id="another severity"),
        pytest.param("category=hate", False, id="another category"),
        pytest.param("owner=ana", False, id="an owner that it has not"),
        pytest.param("assign=policy&source=chat-prod", True, id="for whom and whence"),
        pytest.param("since=2026-08-20T00:00:00Z&until=2026-08-21T00:00:00Z", True, id="opened that day"),
        pytest.param("since=2026-08-21T00:00:00%2B00:00", False, id="opened later"),
        pytest.param("until=2026-08-20T00:00:00Z", False, id="opened before"),
    ],
)
def test_incidents_are_found_by_what_is_asked(machine, number, query, is_found):
    assert (number in [one["number"] for one in machine.get(f"/incidents?{query}")["items"]]) == is_found
