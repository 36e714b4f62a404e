"""`${NAME}` and `${NAME:-default}`: replaced inside single values when they are used, never before."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from escalator.model.policy import Policy

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}")
_OPENING = "${"


def expand(text: str, env: Mapping[str, str]) -> str:
    """Return the text with each name replaced by its value; if that is unset or empty, by its default, else by ""."""
    return _PLACEHOLDER.sub(lambda match: env.get(match[1]) or match[2] or "", text)


def unset_names(text: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names without a default that are unset or empty, each once, in order."""
    missing = (match[1] for match in _PLACEHOLDER.finditer(text) if match[2] is None and not env.get(match[1]))
    return tuple(dict.fromkeys(missing))


def has_placeholder(text: str) -> bool:
    """Whether the text has a placeholder, well-formed or not."""
    return _OPENING in text


def is_malformed(text: str) -> bool:
    """Whether the text has a `${` that begins no `${NAME}` and no `${NAME:-default}`."""
    return _OPENING in _PLACEHOLDER.sub("", text)


def with_stream_ids(policy: "Policy", env: Mapping[str, str]) -> "Policy":
    """Return the policy with the ids of its people in Stream as this environment has them.

    The engine compares them with those of Stream's reviews, and knows no environment. They are no secrets.
    """
    people = {
        key: replace(person, stream=expand(person.stream, env)) if person.stream else person
        for key, person in policy.people.items()
    }
    return replace(policy, people=people)
