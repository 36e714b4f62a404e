"""The sections sources, people, teams and categories."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import ContentRule, Mode, Role, Severity
from escalator.model.policy import Category, Source, Team
from escalator.policy.containers import MappingSchema, NonEmptyListOf, OneOrMore
from escalator.policy.scalars import (
    Address,
    AnyText,
    Complaint,
    EnumWord,
    MailAddress,
    MatchingText,
    NonEmptyText,
    OneOf,
    Target,
    TrueOrFalse,
)
from escalator.policy.time_scalars import Duration, DurationOr, ReconcileInterval, TimeZone
from escalator.stream.topics import TOPIC_ARN

_CONTACTS = tuple(kind for kind in DestinationKind if kind.about.person_key)
_SLACK_USER = r"[A-Za-z0-9_]{2,30}"
_TOPIC = "write its ARN, such as arn:aws:sns:eu-west-1:123456789012:moderation"


class SourceKeys(MappingSchema):
    """One Stream app."""

    platform = OneOf("stream")
    api_key = AnyText('write the app\'s key as "${STREAM_API_KEY}"', required=True)
    api_secret = OneOrMore(AnyText(), required=True)
    dashboard_url = Address()
    mode = EnumWord(Mode)
    divert_to = NonEmptyText()
    expect_within = Duration()
    act_as = OneOf("person", "service")
    stream_user = NonEmptyText()
    tell_stream = OneOrMore(OneOf("escalated"))
    reconcile = DurationOr(ReconcileInterval(), "off")
    sqs = Address()
    sns_topic = MatchingText(TOPIC_ARN, _TOPIC)
    thumbnails = TrueOrFalse()

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def says_where_to_divert(self, _data: Mapping[str, Any], original: Mapping[str, Any], **_: object) -> None:
        """Refuse `mode: divert` without the destination that everything is sent to."""
        if original.get("mode") == Mode.DIVERT and "divert_to" not in original:
            raise ValidationError(
                {"mode": [Complaint("has no destination to divert to", "add `divert_to` with a destination")]}
            )


def make_source(  # noqa: PLR0913  # the keys of the section
    name: str,
    api_key: str,
    api_secret: tuple[str, ...],
    platform: str = "stream",  # noqa: ARG001
    act_as: str = "person",
    tell_stream: tuple[str, ...] = (),
    **keys: Any,  # noqa: ANN401
) -> Source:
    """Return a source; every platform but Stream has been refused."""
    secrets = tuple(secret for secret in api_secret if secret)
    return Source(
        name, api_key, secrets, acts_as_service=act_as == "service", tells_escalations=bool(tell_stream), **keys
    )


class PersonKeys(MappingSchema):
    """A person who can be notified and may answer."""

    name = NonEmptyText(required=True)
    role = EnumWord(Role)
    email = MailAddress()
    slack = MatchingText(_SLACK_USER, "write a Slack user id such as U0123ABCD (profile, copy member ID)")
    stream = NonEmptyText()
    pagerduty = NonEmptyText()
    timezone = TimeZone()
    contact = OneOrMore(EnumWord(_CONTACTS))
    hours = NonEmptyText()


class TeamKeys(MappingSchema):
    """People who are notified together."""

    members = NonEmptyListOf(NonEmptyText(), required=True)
    lead = NonEmptyText()
    schedule = NonEmptyText()
    slack_group = MatchingText(r"S[A-Z0-9_]{2,30}", "write a Slack user group id such as S0123ABCD")
    role = EnumWord(Role)


def make_team(key: str, role: Role = Role.AUDITOR, **keys: Any) -> Team:  # noqa: ANN401
    """Return a team; one without a role gives its members no higher role."""
    return Team(key, role=role, **keys)


class CategoryKeys(MappingSchema):
    """A kind of harm."""

    title = MatchingText(r"[^\n]{1,60}", "write a title on one line, 60 characters at most", required=True)
    labels = OneOrMore(NonEmptyText())
    reasons = OneOrMore(NonEmptyText())
    at_least = EnumWord([grade for grade in Severity if grade is not Severity.UNKNOWN])
    content = EnumWord(ContentRule)
    restricted_to = OneOrMore(Target())
    stream_review = OneOf("resolves", "acknowledges")
    resolve_within = Duration()
    runbook = Address()
    actions = OneOrMore(NonEmptyText())


def make_category(
    key: str,
    stream_review: str = "resolves",
    restricted_to: tuple[str, ...] = (),
    **keys: Any,  # noqa: ANN401
) -> Category:
    """Return a category; `team:x` in `restricted_to` means the team x."""
    teams = tuple(name.removeprefix("team:") for name in restricted_to)
    return Category(key, restricted_to=teams, review_resolves=stream_review == "resolves", **keys)
