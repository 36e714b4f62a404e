"""The rest of what the API tells and does: records, who is on call, overrides, silences, the policy, explain."""

import hashlib
import json
import re

import pytest

from escalator.store.audit_log import chain_hash, chain_new
from tests.everybody import number_of
from tests.policy.files import HERE

FIXTURES = HERE.parent / "fixtures" / "stream" / "rfc3339"
PAGE = (HERE.parents[1] / "docs" / "api.md").read_text()
STANDING_IN = {
    "schedule": "seniors-on-call",
    "person": "mo",
    "start": "2026-08-22T00:00:00Z",
    "end": "2026-08-23T00:00:00Z",
}


def test_records_come_with_their_seals_the_newest_first(core, machine):
    with core.database.writing() as connection:
        core.clock.move(seconds=10)
        chain_new(connection, core.clock.now(), 1000)
    seen, address = [], "/records?limit=5"
    while address:
        page = machine.get(address.removeprefix("/api/v1"))
        seen += page["items"]
        address = page["next"]
    sealed = [one for one in seen if one["hash"]]
    assert sealed
    assert [one["at"] for one in seen] == sorted((one["at"] for one in seen), reverse=True)
    for line in sealed:
        assert chain_hash({name: value for name, value in line.items() if name != "hash"}) == line["hash"]


def test_a_moderator_searches_records_by_themselves_only(machine, of_senior):
    assert machine.ask("GET", "/records?person=eli").status_code == 403
    assert machine.ask("GET", "/records?person=mo").status_code == 200
    assert of_senior.ask("GET", "/records?person=eli").status_code == 200


def test_who_is_on_call_is_told_for_any_instant(machine):
    found = machine.get("/oncall?at=2026-08-20T00:00:00Z")
    assert found["at"] == "2026-08-20T00:00:00.000Z"
    duty = next(one for one in found["oncall"] if one["key"] == "seniors-on-call")
    assert (duty["kind"], duty["now"], duty["attended"]) == ("schedule", ["dana"], True)


def test_the_rota_of_a_restricted_team_is_nobody_elses_business(machine):
    assert "child-safety" not in {one["key"] for one in machine.get("/oncall")["oncall"]}


def test_somebody_puts_themselves_on_call_and_takes_it_back(machine):
    begun = machine.ask("POST", "/overrides", json=STANDING_IN)
    assert (begun.status_code, begun.get_json()["author"]) == (201, "mo")
    address = f"/overrides/{begun.get_json()['id']}"
    assert [one["id"] for one in machine.get("/overrides")["items"]] == [begun.get_json()["id"]]
    assert machine.ask("DELETE", address).status_code == 204
    assert machine.ask("DELETE", address).status_code == 404
    assert machine.get("/overrides")["items"] == []


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        pytest.param({"person": "ana"}, (403, "role"), id="a moderator puts only themselves on call"),
        pytest.param({"schedule": "nights"}, (400, "schedule"), id="a schedule that there is not"),
        pytest.param({"end": "2026-08-21T00:00:00Z"}, (400, "span"), id="it ends before it begins"),
    ],
)
def test_an_override_that_does_not_fit_is_refused(machine, change, refused):
    answer = machine.ask("POST", "/overrides", json=STANDING_IN | change)
    assert (answer.status_code, answer.get_json()["code"]) == refused


def test_a_senior_silences_a_category_and_ends_it(machine, of_senior):
    asked = {"named": "category:hate", "minutes": 30, "reason": "An import is running."}
    assert machine.ask("POST", "/silences", json=asked).status_code == 403
    begun = of_senior.ask("POST", "/silences", json=asked)
    assert begun.status_code == 201
    [listed] = machine.get("/silences")["items"]
    assert (listed["name"], listed["author"], listed["reason"]) == ("hate", "sen", "An import is running.")
    assert begun.get_json() == listed
    assert of_senior.ask("DELETE", f"/silences/{listed['handle']}").status_code == 204
    assert machine.get("/silences")["items"] == []


def test_the_policy_is_shown_as_it_is_written(core, machine):
    found = machine.get("/policy")
    assert found["sha256"] == hashlib.sha256(found["text"].encode()).hexdigest()
    assert found["text"] == core.settings.policy_file.read_text()


def test_an_event_is_explained_as_on_the_command_line(machine):
    event = json.loads((FIXTURES / "review_queue_item.new__text_self_harm_critical.json").read_text())
    found = machine.ask("POST", "/explain", json={"event": event, "at": "2026-08-20T14:00:00Z"}).get_json()
    assert {"category", "severity", "content", "route", "plan", "feeds"} <= set(found)
    assert found["plan"][0]["offset_s"] == 0


def test_what_the_page_about_the_api_sends_is_understood(core, machine):
    examples = re.findall(r"/api/v1(/\S+) \\\n.*\n\s+-d '(.*)'", PAGE)
    assert [path for path, _body in examples] == ["/incidents/1042/resolve", "/explain"]
    for path, body in examples:
        address = path.replace("1042", str(number_of(core, "threat")))
        assert machine.ask("POST", address, json=json.loads(body)).status_code == 200


def test_the_page_about_the_api_names_every_resource(app):
    named = {path.partition("{")[0].rstrip("/") for path in re.findall(r"`(?:GET|POST|DELETE)? ?(/[a-z{}/]+)`", PAGE)}
    there = {rule.rule.split("/")[3] for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")}
    assert {path.split("/")[1] for path in named} >= there - {"openapi.json"}
