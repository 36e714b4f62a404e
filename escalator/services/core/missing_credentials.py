"""Finds environment variables that the policy's channels need and lack, and what fails without."""

from collections.abc import Iterator
from dataclasses import fields
from typing import NamedTuple

from escalator.engine.targets import first_contact
from escalator.model.destination_kind import DestinationKind
from escalator.model.policy import Person, Policy
from escalator.settings import Settings


class MissingVariable(NamedTuple):
    """A required variable that is not set: why it is needed, and what is valid."""

    name: str
    why: str
    right: str

    @property
    def what(self) -> str:
        """Return the problem."""
        return f"is not set, {self.why}"

    def __str__(self) -> str:
        return f"{self.name}: {self.what}; {self.right}"


def _attribute(variable: str) -> str:
    """Return the name of the setting for a variable; plural where several secrets are allowed."""
    known = {field.name for field in fields(Settings)}
    attribute = next((name for name in (variable.lower(), f"{variable.lower()}s") if name in known), None)
    if attribute is None:
        raise TypeError(f"there is no setting for {variable}")
    return attribute


_NAMED = {
    name
    for kind in DestinationKind
    for name in (
        *(credential.name for credential in kind.about.credentials),
        *(advice.name for advice in kind.about.advice),
        kind.about.token,
    )
    if name
}
_ATTRIBUTES = {name: _attribute(name) for name in _NAMED}
"""The settings that kinds of destinations name; an unknown one fails at import."""


def is_set(settings: Settings, variable: str) -> bool:
    """Whether a variable that a kind of destination names is set."""
    return bool(getattr(settings, _ATTRIBUTES[variable]))


_NO_LINKS = ("so the links by which people answer would not work", "write the https:// address of this installation")


def missing_required(settings: Settings, policy: Policy) -> Iterator[MissingVariable]:
    """Yield what must be set before sending."""
    kinds = _kinds(policy)
    for kind in kinds:
        for needed in kind.about.credentials:
            if not is_set(settings, needed.name):
                yield MissingVariable(*needed)
    if any(kind.about.has_answer_link for kind in kinds) and not settings.environment.get("ESCALATOR_BASE_URL"):
        yield MissingVariable("ESCALATOR_BASE_URL", *_NO_LINKS)


def missing_optional(settings: Settings, policy: Policy) -> Iterator[str]:
    """Yield what could be set, and what does not work without it."""
    kinds = _kinds(policy)
    for kind in kinds:
        for useful in kind.about.advice:
            if not is_set(settings, useful.name):
                yield f"{useful.name} is not set: {useful.loss}"
    later = [person.key for person in policy.people.values() if _could_be_mailed(person)]
    if later and DestinationKind.EMAIL not in kinds and not (settings.smtp_url and settings.mail_from):
        yield f"SMTP_URL and MAIL_FROM are not set: {len(later)} people cannot be emailed when Slack fails."


def _kinds(policy: Policy) -> list[DestinationKind]:
    """Return the kinds used as first channels."""
    places = {destination.kind for destination in policy.destinations.values()}
    used = places | {first_contact(person) for person in policy.people.values()}
    return [kind for kind in DestinationKind if kind in used]


def _could_be_mailed(person: Person) -> bool:
    return DestinationKind.EMAIL in person.contact and bool(person.address_of(DestinationKind.EMAIL))
