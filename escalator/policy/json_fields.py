"""Fields of any type, such as those of a new issue in Jira: by their ids, typed as they are written.

Everywhere else the schema gives a text its type. Only the vendor knows the type of such a field: a number without
quotes is a number, true and false are booleans, everything else and everything in quotes is a text; lists and mappings
hold more of these.
"""

import re
from typing import Unpack

from marshmallow import ValidationError

from escalator.model.kind_description import JsonField
from escalator.model.policy import JsonValue
from escalator.policy.scalars import Complaint, Options, PolicyValue, complaint_error
from escalator.policy.yaml_reader import Quoted

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?")
_FLAGS = {"true": True, "false": False}


class JsonFields(PolicyValue[dict[str, JsonValue]]):
    """A mapping of ids to values."""

    def __init__(self, described: JsonField, **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self.right = described.right
        self._reserved = described.reserved
        self._id = re.compile(described.id_pattern)

    def read(self, value: object, name: str) -> dict[str, JsonValue]:  # noqa: ARG002
        """Return the typed fields; raise ValidationError with every wrong one."""
        if not isinstance(value, dict):
            raise complaint_error("is not a mapping", self.right)
        errors = {key: [wrong] for key, inner in value.items() if (wrong := self._complaint(key, inner)) is not None}
        if errors:
            raise ValidationError(errors)
        return {key: _typed(inner) for key, inner in value.items()}

    def _complaint(self, key: str, value: object) -> Complaint | None:
        if key.lower() in self._reserved:
            return Complaint(
                "is set by the product itself", f"remove it; not allowed here: {', '.join(self._reserved)}"
            )
        if not self._id.fullmatch(key):
            return Complaint("is not the id of a field", "write its id, such as customfield_10042, not its name")
        if _is_empty(value):
            return Complaint("has no value", "write the value that Jira expects, or remove the field")
        return None


def _is_empty(value: object) -> bool:
    if isinstance(value, dict):
        return not value or any(_is_empty(item) for item in value.values())
    if isinstance(value, list):
        return any(_is_empty(item) for item in value)
    return value is None


def _typed(value: object) -> JsonValue:
    if isinstance(value, dict):
        return {str(key): _typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_typed(inner) for inner in value]
    text = str(value)
    if isinstance(value, Quoted):
        return text
    if text in _FLAGS:
        return _FLAGS[text]
    match = _NUMBER.fullmatch(text)
    return text if match is None else float(text) if match[2] else int(text)
