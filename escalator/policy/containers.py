"""Containers of values: lists, mappings with fixed keys, mappings of names.

Each collects all errors below it and keeps the valid values, so that one run reports everything.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, Unpack

from marshmallow import EXCLUDE, Schema, ValidationError, validates_schema

from escalator.policy.problems import did_you_mean
from escalator.policy.scalars import Complaint, Options, PolicyValue, complaint_error

T = TypeVar("T")
K = TypeVar("K", bound=str | int)

_NAME = re.compile(r"\w[\w .\-]{0,79}")
_NAME_RIGHT = "use only letters, digits, spaces, dots, hyphens and underscores"


class MappingSchema(Schema):
    """A mapping with fixed keys; each unknown key is a problem."""

    class Meta:
        """Unknown keys are refused by `knows_every_key`, which suggests the nearest known key."""

        unknown = EXCLUDE

    @classmethod
    def names(cls) -> list[str]:
        """Return the keys as the file spells them."""
        return [field.data_key or name for name, field in cls().fields.items()]

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def knows_every_key(self, _data: Mapping[str, Any], original: Mapping[str, Any], **_: object) -> None:
        """Refuse the keys that the language does not have."""
        known = self.names()
        strange = {
            key: [Complaint("is not a key here", did_you_mean(key, known))] for key in original if key not in known
        }
        if strange:
            raise ValidationError(strange)


class FixedMapping(PolicyValue[T]):
    """A mapping with fixed keys, from which `make(**keys)` builds a value."""

    def __init__(self, keys: type[MappingSchema], make: Callable[..., T], **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._keys = keys
        self._make = make
        self.right = f"write a mapping with {', '.join(keys.names())}"

    def read(self, value: object, name: str) -> T:  # noqa: ARG002
        """Return the value built from the typed keys."""
        return self._make(**self.keys(value))

    def keys(self, value: object) -> dict[str, Any]:
        """Return the typed keys; raise ValidationError with every wrong one."""
        if not isinstance(value, dict):
            raise complaint_error("is not a mapping", self.right)
        try:
            loaded: dict[str, Any] = self._keys().load(value)
        except ValidationError as error:
            # An incomplete mapping gives no value; the values beside it are still checked.
            raise ValidationError(error.messages) from error
        return loaded


class NamedMapping(FixedMapping[T]):
    """A section under a freely chosen name, from which `make(name, **keys)` builds a value."""

    def read(self, value: object, name: str) -> T:
        """Return the value built from its name and the typed keys."""
        return self._make(name, **self.keys(value))


class MappingOfNames(PolicyValue[dict[str, T]]):
    """A mapping of names to values of one kind."""

    right = "write a mapping of names"

    def __init__(self, inner: PolicyValue[T], **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._inner = inner

    def read(self, value: object, name: str) -> dict[str, T]:  # noqa: ARG002
        """Return the values by name; raise ValidationError with the complaints and, as `valid_data`, the valid
        values.
        """
        if not isinstance(value, dict):
            raise complaint_error("is not a mapping", self.right)
        good, errors = _each(self._inner, value.items())
        for strange in (key for key in value if not _NAME.fullmatch(key)):
            errors[strange] = [Complaint("is not a valid name", _NAME_RIGHT)]
        return _complete({key: value for key, value in good.items() if key not in errors}, errors)


class ListOf(PolicyValue[dict[int, T]]):
    """A list of values of one kind, by index."""

    right = "write a list"

    def __init__(self, inner: PolicyValue[T], **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._inner = inner

    def read(self, value: object, name: str) -> dict[int, T]:  # noqa: ARG002
        """Return the values by index; raise ValidationError with the complaints and, as `valid_data`, the valid
        values.
        """
        if not isinstance(value, list):
            raise complaint_error("is not a list", self.right)
        return _complete(*_each(self._inner, enumerate(value)))


class NonEmptyListOf(PolicyValue[tuple[T, ...]]):
    """A list with at least one value."""

    right = "write a list with at least one value"

    def __init__(self, inner: PolicyValue[T], **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._inner = inner

    def read(self, value: object, name: str) -> tuple[T, ...]:  # noqa: ARG002
        """Return the values in order, at least one."""
        if not isinstance(value, list):
            raise complaint_error("is not a list", self.right)
        if not value:
            raise complaint_error("is an empty list", self.right)
        return tuple(_complete(*_each(self._inner, enumerate(value))).values())


class OneOrMore(NonEmptyListOf[T]):
    """A list with at least one value, or a single value without the brackets."""

    right = "write one value, or a list with at least one"

    def read(self, value: object, name: str) -> tuple[T, ...]:
        """Return the values in order."""
        if isinstance(value, list):
            return super().read(value, name)
        return (self._inner.deserialize(value, name),)


def _each(inner: PolicyValue[T], values: Iterable[tuple[K, object]]) -> tuple[dict[K, T], dict[K, Any]]:
    """Return the valid values, and the complaints about the others."""
    good: dict[K, T] = {}
    errors: dict[K, Any] = {}
    for key, value in values:
        try:
            good[key] = inner.deserialize(value, str(key))
        except ValidationError as error:
            errors[key] = error.messages
    return good, errors


def _complete(good: dict[K, T], errors: dict[K, Any]) -> dict[K, T]:
    if errors:
        raise ValidationError(errors, valid_data=good)  # type: ignore[arg-type]
    return good
