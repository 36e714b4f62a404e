"""`${NAME}` and `${NAME:-default}`: replaced inside single values, at the moment of use, never before."""

import re
from collections.abc import Mapping
from dataclasses import replace

from escalator.model.policy import Policy

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}")
_OPENING = "${"


def expand(text: str, env: Mapping[str, str]) -> str:
    """Return the text with each name replaced by its value; unset or empty, by its default, else by nothing."""
    return _PLACEHOLDER.sub(lambda found: env.get(found[1]) or found[2] or "", text)


def unset_names(text: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names without a default that are unset or empty, each once, in order."""
    missing = (found[1] for found in _PLACEHOLDER.finditer(text) if found[2] is None and not env.get(found[1]))
    return tuple(dict.fromkeys(missing))


def has_placeholder(text: str) -> bool:
    """Whether something in the text asks to be replaced, well-formed or not."""
    return _OPENING in text


def is_malformed(text: str) -> bool:
    """Whether a `${` is left that begins no `${NAME}` and no `${NAME:-default}`."""
    return _OPENING in _PLACEHOLDER.sub("", text)


def with_stream_ids(policy: Policy, env: Mapping[str, str]) -> Policy:
    """Return the policy with the ids of its people in Stream as this environment has them.

    The engine compares them with those of Stream's reviews, and knows no environment. They are no secrets.
    """
    people = {
        key: replace(person, stream=expand(person.stream, env)) if person.stream else person
        for key, person in policy.people.items()
    }
    return replace(policy, people=people)
