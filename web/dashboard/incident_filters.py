"""The filters in the address of an incident list, and links to it with other filters."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from flask import abort, request, url_for

from escalator.model.incident import State
from escalator.model.levels import Mode, Severity
from escalator.model.policy import Policy
from escalator.rendering.targets import target_words
from escalator.services.auth.viewer import Viewer
from escalator.services.views.incident_list import parse_search
from escalator.store.incident_search import IncidentFilter
from escalator.store.incidents import MOST_NUMBER

MINE = "mine"
_NAMES = ("q", "severity", "state", "category", "assign", "owner", "source", "mode", "drill")
_DRILLS = {"only": True, "without": False}

Word = TypeVar("Word", bound=StrEnum)
Choices = Mapping[str, tuple[str, list[tuple[str, str]]]]
"""For each filter by name: its label, and its possible values with their labels."""


def requested_filters(viewer: Viewer, policy: Policy) -> IncidentFilter:
    """Return this request's filters; unknown values are ignored.

    Aborts with 400 for a null byte: PostgreSQL accepts no text with one in it.
    """
    arguments = request.args
    if any("\0" in word for word in arguments.values()):
        abort(400)
    owner = arguments.get("owner", "")
    return IncidentFilter(
        states=_one_of(State, arguments.get("state")),
        severities=_one_of(Severity, arguments.get("severity")),
        modes=_one_of(Mode, arguments.get("mode")),
        category=arguments.get("category") or None,
        assign=arguments.get("assign") or None,
        owner=(viewer.person.key if owner == MINE else owner) or None,
        source=arguments.get("source") or None,
        is_drill=_DRILLS.get(arguments.get("drill", "")),
        sought=parse_search(arguments.get("q", ""), policy),
    )


def _one_of(words: type[Word], text: str | None) -> frozenset[Word]:
    return frozenset(word for word in words if word.value == text)


def whole_number(name: str) -> int | None:
    """Return a number from the address, at least 1; None if it is missing or impossible."""
    number = request.args.get(name, type=int)
    return number if number is not None and 1 <= number <= MOST_NUMBER else None


def active_filters() -> dict[str, Any]:
    """Return the filters of this request, as they are in the address."""
    return {name: value for name in _NAMES if (value := request.args.get(name, "").strip())}


def link(**changed: str | int | None) -> str:
    """Return the address of this list with some filters or its place changed; None removes one."""
    named: dict[str, Any] = {**active_filters(), **changed}
    return url_for(request.endpoint or "", **{name: value for name, value in named.items() if value is not None})


def filter_choices(policy: Policy, states: Collection[State]) -> Choices:
    """Return the filters' choices in form order, hidden categories too: their existence is no secret."""
    assigned = dict.fromkeys(route.assign for route in policy.routes if route.assign)
    people = [(key, person.name) for key, person in policy.people.items()]
    return {
        "severity": ("Severity", [(severity.value, severity.value.capitalize()) for severity in reversed(Severity)]),
        "state": ("State", [(state.value, state.value.capitalize()) for state in State if state in states]),
        "category": ("Category", [(key, category.title) for key, category in policy.categories.items()]),
        "assign": ("Team", [(key, target_words([key], None, policy)) for key in assigned]),
        "owner": ("Owner", [(MINE, "Mine"), *people]),
        "source": ("Source", [(key, key) for key in policy.sources]),
        "mode": ("Mode", [(mode.value, mode.value.capitalize()) for mode in Mode]),
        "drill": ("Drills", [("only", "Only drills"), ("without", "No drills")]),
    }
