"""`${NAME}`: whether it is allowed in that place, well-formed, and set in the environment."""

from collections.abc import Callable, Iterator, Mapping

from escalator.model.email_address import CORRECT_FORM, parse_mailbox
from escalator.model.kind_description import ChoiceField, EmailsField, PersonField, UrlField
from escalator.policy.draft import PolicyDraft
from escalator.policy.placeholders import expand, has_placeholder, is_malformed, unset_names
from escalator.policy.problems import PolicyFinding, TreePath, make_warning
from escalator.policy.schema_destinations import FIELDS
from escalator.policy.tree_walk import find_texts, find_values, parse_pattern
from escalator.policy.web_address import is_web_address
from escalator.stream.topics import is_topic_arn

ALLOWED = (
    "sources.*.api_key",
    "sources.*.api_secret[]",
    "sources.*.dashboard_url",
    "sources.*.sqs",
    "sources.*.sns_topic",
    "sources.*.stream_user",
    "people.*.email",
    "people.*.slack",
    "people.*.stream",
    "people.*.pagerduty",
    "teams.*.slack_group",
    "schedules.*.ical",
    *(where for where, field in FIELDS if not isinstance(field, ChoiceField | PersonField)),
    "categories.*.runbook",
    "heartbeat.url",
)


_RIGHT_WEB = "set it to an address that begins with https://"
_RIGHT_TOPIC = "set it to the ARN of a topic, such as arn:aws:sns:eu-west-1:123456789012:moderation"
_UNFIT = "remove quotes, spaces and line breaks around the value of the variable"
_RIGHT: tuple[tuple[str, Callable[[str], object], str], ...] = (
    ("people.*.email", parse_mailbox, CORRECT_FORM),
    *((where, parse_mailbox, CORRECT_FORM) for where, field in FIELDS if isinstance(field, EmailsField)),
    ("sources.*.dashboard_url", is_web_address, _RIGHT_WEB),
    ("sources.*.sqs", is_web_address, _RIGHT_WEB),
    ("sources.*.sns_topic", is_topic_arn, _RIGHT_TOPIC),
    *((where, is_web_address, _RIGHT_WEB) for where, field in FIELDS if isinstance(field, UrlField)),
    ("categories.*.runbook", is_web_address, _RIGHT_WEB),
    ("heartbeat.url", is_web_address, _RIGHT_WEB),
)
"""What a value from the environment must look like, by the place that uses it."""


def check_placeholders(draft: PolicyDraft, env: Mapping[str, str]) -> Iterator[PolicyFinding]:
    """Yield names in the wrong place, misspelled names, and names that are not set."""
    for place in misplaced_placeholders(draft):
        yield PolicyFinding(place, "contains ${...}, which is not allowed here", "write the value itself")
    yield from _invalid_values(draft, env)
    named: set[str] = set()
    for place, text in _allowed(draft):
        if is_malformed(text):
            yield PolicyFinding(place, "contains ${ without a valid name", "write ${NAME} or ${NAME:-default}")
        for name in unset_names(text, env):
            if name not in named:
                named.add(name)
                what = f"${{{name}}} is not set, so the value is empty"
                right = f"set {name}, or write ${{{name}:-}} if it may stay empty"
                yield make_warning(place, what, right, blocks_production=True)


def _invalid_values(draft: PolicyDraft, env: Mapping[str, str]) -> Iterator[PolicyFinding]:
    """Yield the places where the value from the environment is not valid; the value is not repeated."""
    reported: set[TreePath] = set()
    checks = (*_RIGHT, *((where, _is_plain, _UNFIT) for where in ALLOWED))
    for where, is_fit, right in checks:
        for place, text in find_values(draft.tree, parse_pattern(where)):
            value = expand(text, env) if isinstance(text, str) and has_placeholder(text) else ""
            if value and place not in reported and not is_fit(value):
                reported.add(place)
                yield make_warning(place, "contains a ${NAME} whose value is not valid", right, blocks_production=True)


def _is_plain(value: str) -> bool:
    return value == value.strip() and value.isprintable() and not (value[0] == value[-1] and value[0] in "\"'")


def misplaced_placeholders(draft: PolicyDraft) -> frozenset[TreePath]:
    """Return the places with a placeholder where none is allowed."""
    asking = {place for place, text in find_texts(draft.tree) if has_placeholder(text)}
    return frozenset(asking - {place for place, _ in _allowed(draft)})


def _allowed(draft: PolicyDraft) -> Iterator[tuple[TreePath, str]]:
    for where in ALLOWED:
        for place, value in find_values(draft.tree, parse_pattern(where)):
            if isinstance(value, str):
                yield place, value
