"""What the policy's ways out need of the environment: what is missing, and what is lost without it."""

from collections.abc import Iterator
from typing import NamedTuple

from escalator.engine.targets import address_of, first_contact
from escalator.model.policy import DestinationKind, Person, Policy
from escalator.settings import Settings


class MissingVariable(NamedTuple):
    """A variable that must be set and is not: why it must, and what would be right."""

    name: str
    why: str
    right: str

    @property
    def what(self) -> str:
        """Return what is wrong."""
        return f"is not set, {self.why}"

    def __str__(self) -> str:
        return f"{self.name}: {self.what}; {self.right}"


class _Need(NamedTuple):
    """A variable without which a way out is none."""

    name: str
    why: str
    right: str

    def is_met(self, settings: Settings) -> bool:
        return bool(getattr(settings, self.name.lower()))


_NEEDS = {
    DestinationKind.SLACK: (
        _Need(
            "SLACK_BOT_TOKEN",
            "and the policy sends to Slack",
            "copy the Bot User OAuth Token (xoxb-…) of your Slack app",
        ),
        _Need(
            "SLACK_SIGNING_SECRET",
            "so no click in Slack can be verified",
            "copy it from Basic Information of your Slack app",
        ),
    ),
    DestinationKind.EMAIL: (
        _Need("SMTP_URL", "and the policy sends email", "write smtp://user:password@host:587"),
        _Need("MAIL_FROM", "and the policy sends email", "write the sender, such as alerts@example.com"),
    ),
    DestinationKind.JIRA: (
        _Need(
            "JIRA_URL", "and the policy opens issues in Jira", "write https://yours.atlassian.net, or your own server"
        ),
        _Need(
            "JIRA_TOKEN", "and the policy opens issues in Jira", "set an API token (Cloud) or a personal access token"
        ),
    ),
}


_NO_LINKS = ("so links in emails would not work", "write the https:// address of this installation")


def missing_required(settings: Settings, policy: Policy) -> Iterator[MissingVariable]:
    """Yield what must be set before anything is sent."""
    kinds = _kinds(policy)
    for kind, needs in _NEEDS.items():
        for need in needs:
            if kind in kinds and not need.is_met(settings):
                yield MissingVariable(*need)
    if DestinationKind.EMAIL in kinds and not settings.environment.get("ESCALATOR_BASE_URL"):
        yield MissingVariable("ESCALATOR_BASE_URL", *_NO_LINKS)


def missing_optional(settings: Settings, policy: Policy) -> Iterator[str]:
    """Yield what could be set, and what does not work without it."""
    kinds = _kinds(policy)
    if DestinationKind.PAGERDUTY in kinds and not settings.pagerduty_webhook_secrets:
        yield "PAGERDUTY_WEBHOOK_SECRET is not set: acknowledging in PagerDuty has no effect here."
    if DestinationKind.PAGERDUTY in kinds and not settings.pagerduty_api_token:
        yield "PAGERDUTY_API_TOKEN is not set: PagerDuty incidents are matched by the number in their title only."
    if DestinationKind.JIRA in kinds and not settings.jira_webhook_secrets:
        yield "JIRA_WEBHOOK_SECRET is not set: acknowledging in Jira has no effect here."
    later = [person.key for person in policy.people.values() if _could_be_mailed(person)]
    if later and DestinationKind.EMAIL not in kinds and not (settings.smtp_url and settings.mail_from):
        yield f"SMTP_URL and MAIL_FROM are not set: {len(later)} people cannot be emailed when Slack fails."


def _kinds(policy: Policy) -> frozenset[DestinationKind]:
    """Return the ways out that are anybody's first."""
    places = {destination.kind for destination in policy.destinations.values()}
    return frozenset(places | {first_contact(person) for person in policy.people.values()})


def _could_be_mailed(person: Person) -> bool:
    return DestinationKind.EMAIL in person.contact and bool(address_of(person, DestinationKind.EMAIL))
