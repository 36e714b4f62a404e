"""What a new issue in Jira is given besides what we say: fields by their ids, typed as they are written.

Everywhere else the schema types a text. What a field of Jira wants, only Jira knows: a number without quotes is a
number, true and false are flags, everything else is a text, as is all that stands in quotes; lists and mappings hold
more of these.
"""

import re

from marshmallow import ValidationError

from escalator.model.policy import JiraValue
from escalator.policy.scalars import Complaint, Value, refusal
from escalator.policy.yaml_reader import Quoted

OURS = ("project", "issuetype", "summary", "description", "labels")
"""The fields of an issue that the product itself sets."""

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,79}")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?")
_FLAGS = {"true": True, "false": False}
_RIGHT = "write the ids of fields with their values, such as {customfield_10042: {value: Safety}}"


class JiraFields(Value[dict[str, JiraValue]]):
    """A mapping of the ids of Jira's fields to values."""

    right = _RIGHT

    def read(self, value: object, name: str) -> dict[str, JiraValue]:  # noqa: ARG002
        """Return the typed fields, or complain of each that is wrong."""
        if not isinstance(value, dict):
            raise refusal("is not a mapping", self.right)
        errors = {key: [wrong] for key, inner in value.items() if (wrong := _complaint(key, inner)) is not None}
        if errors:
            raise ValidationError(errors)
        return {key: _typed(inner) for key, inner in value.items()}


def _complaint(key: str, value: object) -> Complaint | None:
    if key.lower() in OURS:
        return Complaint("is set by the product itself", f"remove it; not allowed here: {', '.join(OURS)}")
    if not _ID.fullmatch(key):
        return Complaint("is not the id of a field", "write its id, such as customfield_10042, not its name")
    if _is_empty(value):
        return Complaint("has no value", "write the value that Jira expects, or remove the field")
    return None


def _is_empty(value: object) -> bool:
    if isinstance(value, dict):
        return not value or any(_is_empty(one) for one in value.values())
    if isinstance(value, list):
        return any(_is_empty(one) for one in value)
    return value is None


def _typed(value: object) -> JiraValue:
    if isinstance(value, dict):
        return {str(key): _typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_typed(inner) for inner in value]
    text = str(value)
    if isinstance(value, Quoted):
        return text
    if text in _FLAGS:
        return _FLAGS[text]
    found = _NUMBER.fullmatch(text)
    return text if found is None else float(text) if found[2] else int(text)
