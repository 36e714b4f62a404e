"""What a list of incidents is asked for in its address, and the addresses of its neighbours."""

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
"""By the name of a filter its label, and the values that it may have with how they read."""


def requested_filters(viewer: Viewer, policy: Policy) -> IncidentFilter:
    """Return what this request asks for; a word that is none of ours asks for nothing.

    Aborts with 400 for a null byte: PostgreSQL takes no text with one in it.
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
    """Return a number that the address names, from 1; None when it names none that there can be."""
    number = request.args.get(name, type=int)
    return number if number is not None and 1 <= number <= MOST_NUMBER else None


def active_filters() -> dict[str, Any]:
    """Return the filters that this request names, as it names them."""
    return {name: value for name in _NAMES if (value := request.args.get(name, "").strip())}


def link(**changed: str | int | None) -> str:
    """Return the address of this list with some of its filters or its place changed; None takes one away."""
    named: dict[str, Any] = {**active_filters(), **changed}
    return url_for(request.endpoint or "", **{name: value for name, value in named.items() if value is not None})


def filter_choices(policy: Policy, states: Collection[State]) -> Choices:
    """Return what may be chosen from, in the order of the form. Who may not see a category may know that it exists."""
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
