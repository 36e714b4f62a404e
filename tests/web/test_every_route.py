"""Every route with every role: who may come in, and that what is restricted is told to nobody outside of it.

The table below names for each route the least role. A new route fails here until it is in it.
"""

import re
from uuid import uuid4

import pytest

from escalator.model.levels import Role
from escalator.services.auth.api_tokens import Scope
from tests.everybody import OUTSIDE, PEOPLE, ROLES, SECRET_AUTHOR, Desk, a_token, by_token, number_of, on_a_copy
from web.app import create_app

ANYBODY = None
"""Asks for no session: it proves itself otherwise, or says nothing of incidents."""

INCIDENT = "/api/v1/incidents/<int(max=2147483647):number>"
LEAST = {
    "GET /": Role.AUDITOR,
    "GET /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
    "GET /metrics": ANYBODY,
    "GET /static/<path:filename>": ANYBODY,
    "GET /answer/<token>": ANYBODY,
    "POST /answer": ANYBODY,
    "POST /webhooks/stream": ANYBODY,
    "POST /webhooks/stream/sns": ANYBODY,
    "POST /webhooks/pagerduty": ANYBODY,
    "POST /webhooks/jira": ANYBODY,
    "POST /slack/commands": ANYBODY,
    "POST /slack/interactions": ANYBODY,
    "GET /sandbox": ANYBODY,
    "GET /sandbox.json": ANYBODY,
    "GET /sandbox/looks.js": ANYBODY,
    "GET /sandbox/looks/<kind>.js": ANYBODY,
    "GET /sandbox/mail/<uuid:item_id>": ANYBODY,
    "POST /sandbox/act": ANYBODY,
    "POST /sandbox/click": ANYBODY,
    "POST /sandbox/command": ANYBODY,
    "POST /sandbox/fire": ANYBODY,
    "POST /sandbox/kill": ANYBODY,
    "POST /sandbox/sample": ANYBODY,
    "GET /sign-in": ANYBODY,
    "POST /sign-in/sandbox": ANYBODY,
    "POST /sign-out": ANYBODY,
    "GET /sign-in/link/<token>": ANYBODY,
    "POST /sign-in/link/<token>": ANYBODY,
    "POST /sign-in/mail": ANYBODY,
    "GET /people": Role.ADMIN,
    "POST /people/<key>/invite": Role.ADMIN,
    "POST /people/<key>/sign-out": Role.ADMIN,
    "GET /tokens": Role.ADMIN,
    "POST /tokens": Role.ADMIN,
    "POST /tokens/<uuid:token_id>/revoke": Role.ADMIN,
    "GET /audit": Role.AUDITOR,
    "GET /audit/chain": Role.AUDITOR,
    "POST /audit/export": Role.AUDITOR,
    "GET /audit/week": Role.AUDITOR,
    "GET /audit/week/<name>": Role.AUDITOR,
    "GET /reports": Role.AUDITOR,
    "GET /reports.csv": Role.AUDITOR,
    "GET /oncall": Role.AUDITOR,
    "GET /oncall/coverage.svg": Role.AUDITOR,
    "POST /oncall/overrides": Role.MODERATOR,
    "POST /oncall/overrides/<uuid:override_id>/end": Role.MODERATOR,
    "GET /policy": Role.AUDITOR,
    "GET /policy/explain": Role.AUDITOR,
    "POST /policy/explain": Role.AUDITOR,
    "GET /policy/history": Role.AUDITOR,
    "GET /policy/versions/<sha256>": Role.AUDITOR,
    "GET /policy/diff": Role.AUDITOR,
    "GET /incidents": Role.AUDITOR,
    "POST /acknowledge": Role.AUDITOR,
    "POST /sample": Role.AUDITOR,
    "GET /incidents/<int:number>": Role.AUDITOR,
    "GET /incidents/<int:number>.json": Role.AUDITOR,
    "POST /incidents/<int:number>/<verb>": Role.AUDITOR,
    "POST /incidents/<int:number>/reveal": Role.AUDITOR,
    "POST /incidents/<int:number>/picture": Role.AUDITOR,
    "GET /incidents/<int:number>/pictures/<int:picture>/<proof>": Role.AUDITOR,
    "POST /incidents/<int:number>/hold": Role.ADMIN,
    "POST /incidents/<int:number>/lift_hold": Role.ADMIN,
    "GET /care": Role.AUDITOR,
}
API = {
    "GET /api/v1/incidents": (Scope.READ, Role.AUDITOR),
    f"GET {INCIDENT}": (Scope.READ, Role.AUDITOR),
    f"POST {INCIDENT}/acknowledge": (Scope.ACT, Role.MODERATOR),
    f"POST {INCIDENT}/release": (Scope.ACT, Role.MODERATOR),
    f"POST {INCIDENT}/resolve": (Scope.ACT, Role.MODERATOR),
    f"POST {INCIDENT}/false-alarm": (Scope.ACT, Role.MODERATOR),
    f"POST {INCIDENT}/snooze": (Scope.ACT, Role.MODERATOR),
    f"POST {INCIDENT}/reassign": (Scope.ACT, Role.MODERATOR),
    f"POST {INCIDENT}/take-over": (Scope.ACT, Role.MODERATOR),
    f"POST {INCIDENT}/escalate": (Scope.ACT, Role.MODERATOR),
    f"POST {INCIDENT}/still-on-it": (Scope.ACT, Role.MODERATOR),
    f"POST {INCIDENT}/reopen": (Scope.ACT, Role.SENIOR),
    f"POST {INCIDENT}/note": (Scope.ACT, Role.MODERATOR),
    f"POST {INCIDENT}/stream-action": (Scope.ACT, Role.MODERATOR),
    "POST /api/v1/explain": (Scope.READ, Role.AUDITOR),
    "GET /api/v1/oncall": (Scope.READ, Role.AUDITOR),
    "GET /api/v1/overrides": (Scope.READ, Role.AUDITOR),
    "POST /api/v1/overrides": (Scope.ACT, Role.MODERATOR),
    "DELETE /api/v1/overrides/<uuid:override_id>": (Scope.ACT, Role.AUDITOR),
    "GET /api/v1/policy": (Scope.READ, Role.AUDITOR),
    "GET /api/v1/records": (Scope.AUDIT, Role.AUDITOR),
    "GET /api/v1/silences": (Scope.READ, Role.AUDITOR),
    "POST /api/v1/silences": (Scope.ACT, Role.SENIOR),
    "DELETE /api/v1/silences/<handle>": (Scope.ACT, Role.SENIOR),
}
LEAST |= {route: least for route, (_scope, least) in API.items()} | {"GET /api/v1/openapi.json": ANYBODY}
ASKED = {
    "resolve": {"outcome": "no_violation"},
    "snooze": {"minutes": 15},
    "reassign": {"to": "ben"},
    "note": {"note": "Seen before."},
    "stream-action": {"action": "remove"},
    "explain": {"event": {"type": "message.flagged"}},
    "silences": {"named": "category:hate", "minutes": 5, "reason": "A test."},
    "overrides": {
        "schedule": "seniors-on-call",
        "person": "",
        "start": "2026-08-21T00:00:00Z",
        "end": "2026-08-21T08:00:00Z",
    },
}
"""What is sent where a body is asked for before anything else."""

SHOWS_POLICY = re.compile(r"\w+ (/policy|/api/v1/policy|/api/v1/explain)")
"""Shows the policy itself, which names its categories to everybody."""


@pytest.fixture(scope="module")
def core(sqlite_template, tmp_path_factory):
    with on_a_copy(sqlite_template, tmp_path_factory.mktemp("everybody")) as core:
        yield core


@pytest.fixture(scope="module")
def app(core):
    return create_app(core)


@pytest.fixture(scope="module")
def desk(core, app):
    return Desk(core, app)


@pytest.fixture(scope="module")
def restricted(core):
    return number_of(core, "csam")


@pytest.fixture(scope="module")
def routes(app):
    """Every route as the table names it: its method, its rule, and the names of what stands in the rule."""
    return {
        f"{method} {rule.rule}": (method, rule)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    }


def path_of(app, rule, number):
    """The address of a rule about an incident; what else is named in it is nothing that there is."""
    given = {"number": number, "filename": "dashboard/base.css", "picture": 1}
    values = {name: given.get(name, uuid4() if "uuid" in rule.rule else "eli") for name in rule.arguments}
    with app.test_request_context():
        return app.url_map.bind("localhost").build(rule.endpoint, values)


def body_of(route, rule, person="mo"):
    """What is sent: where it names who is to be on call, the asker themselves, as everybody may."""
    if route not in API or route.startswith("GET"):
        return {}
    said = ASKED.get(rule.rule.rpartition("/")[2])
    return {} if said is None else {"json": said | ({"person": person} if "person" in said else {})}


def is_shut(answer):
    """Whether somebody was not let in: refused, or sent to sign in."""
    if answer.status_code in {301, 302, 303, 307}:
        return answer.location.startswith("/sign-in")
    return answer.status_code in {401, 403, 404}


def test_the_table_names_every_route_and_no_other(routes):
    assert set(routes) == set(LEAST)


def test_nobody_is_let_in_anywhere_but_at_the_doors_that_ask_for_no_session(app, desk, routes, restricted):
    for route, (method, rule) in routes.items():
        answer = desk.ask(method, path_of(app, rule, restricted), **body_of(route, rule))
        assert answer.status_code < 500, route
        assert LEAST[route] is ANYBODY or is_shut(answer), (route, answer.status_code)


@pytest.mark.parametrize("who", PEOPLE)
def test_everybody_is_let_in_from_the_least_role_on_and_nobody_outside_hears_of_what_is_restricted(
    app, core, desk, routes, restricted, who
):
    number, person = number_of(core, "threat"), PEOPLE[who]
    for route, (method, rule) in routes.items():
        answer = desk.ask(method, path_of(app, rule, number), person, **body_of(route, rule, person))
        assert answer.status_code < 500, route
        if LEAST[route] is not ANYBODY:
            assert_fits(route, answer, is_let_in=ROLES[who] >= LEAST[route])
        assert who not in OUTSIDE or not found_in(answer.text, restricted, route), (route, answer.text)


def assert_fits(route, answer, *, is_let_in):
    if is_let_in:
        assert answer.status_code not in {401, 403}, (route, answer.text)
    else:
        assert is_shut(answer), (route, answer.status_code)


@pytest.mark.parametrize("scope", Scope)
def test_a_token_is_good_for_what_its_scope_names_and_nowhere_but_at_the_api(
    app, core, desk, routes, restricted, scope
):
    headers, number = by_token(a_token(core, "sen", scope)), number_of(core, "threat")
    for route, (method, rule) in routes.items():
        answer = desk.ask(method, path_of(app, rule, number), headers=headers, **body_of(route, rule, "sen"))
        if LEAST[route] is not ANYBODY:
            assert_fits(route, answer, is_let_in=route in API and API[route][0] is scope)
        assert not found_in(answer.text, restricted, route), (route, answer.text)


@pytest.mark.parametrize("who", OUTSIDE)
def test_what_is_restricted_is_as_if_it_were_not_there_for_who_asks_for_it(app, core, desk, routes, restricted, who):
    headers = by_token(a_token(core, OUTSIDE[who], *Scope))
    about_one = {route: there for route, there in routes.items() if "number" in there[1].arguments}
    for route, (method, rule) in about_one.items():
        path, said = path_of(app, rule, restricted), body_of(route, rule)
        for asker in [{"person": OUTSIDE[who]}, *([{"headers": headers}] if route in API else [])]:
            answer = desk.ask(method, path, **asker, **said)
            assert is_shut(answer), (route, answer.status_code)
            assert not found_in(answer.text, restricted, route), (route, answer.text)


def found_in(text, number, route):
    """Return what of the restricted incident stands there. What may be chosen in a filter is the policy's."""
    text = re.sub(r"<option.*?</option>", "", text, flags=re.DOTALL)
    hidden = [rf"\b{number}\b", SECRET_AUTHOR, *([] if SHOWS_POLICY.match(route) else ["Child safety"])]
    return [one for one in hidden if re.search(one, text)]


def test_what_is_restricted_is_there_for_who_may_know(desk, restricted):
    answer = desk.ask("GET", f"/api/v1/incidents/{restricted}", "dana")
    assert answer.get_json()["number"] == restricted
    assert found_in(desk.ask("GET", "/api/v1/incidents", "ana").text, restricted, "")
    assert SECRET_AUTHOR not in answer.text
