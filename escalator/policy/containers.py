"""How values stand together: lists, mappings with fixed keys, mappings of names.

Each gathers all the errors below it and keeps what is good, so that one run tells everything.
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
    """A mapping with fixed keys; a key that is not among them is a problem of its own."""

    class Meta:
        """What is unknown is refused by us, with a guess at what was meant."""

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
    """A mapping with fixed keys, made into a value by `make(**keys)`."""

    def __init__(self, keys: type[MappingSchema], make: Callable[..., T], **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._keys = keys
        self._make = make
        self.right = f"write a mapping with {', '.join(keys.names())}"

    def read(self, value: object, name: str) -> T:  # noqa: ARG002
        """Return the value made of the typed keys."""
        return self._make(**self.keys(value))

    def keys(self, value: object) -> dict[str, Any]:
        """Return the typed keys, or complain of each that is wrong."""
        if not isinstance(value, dict):
            raise complaint_error("is not a mapping", self.right)
        try:
            loaded: dict[str, Any] = self._keys().load(value)
        except ValidationError as error:
            # Half a mapping is no value: only what stands beside it goes on.
            raise ValidationError(error.messages) from error
        return loaded


class NamedMapping(FixedMapping[T]):
    """A section under a name of the writer's choice, made into a value by `make(name, **keys)`."""

    def read(self, value: object, name: str) -> T:
        """Return the value made of its name and the typed keys."""
        return self._make(name, **self.keys(value))


class MappingOfNames(PolicyValue[dict[str, T]]):
    """A mapping of names to values of one kind."""

    right = "write a mapping of names"

    def __init__(self, inner: PolicyValue[T], **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._inner = inner

    def read(self, value: object, name: str) -> dict[str, T]:  # noqa: ARG002
        """Return the values by name; the good ones go along with the complaints about the others."""
        if not isinstance(value, dict):
            raise complaint_error("is not a mapping", self.right)
        good, errors = _each(self._inner, value.items())
        for strange in (key for key in value if not _NAME.fullmatch(key)):
            errors[strange] = [Complaint("is not a valid name", _NAME_RIGHT)]
        return _whole({key: made for key, made in good.items() if key not in errors}, errors)


class ListOf(PolicyValue[dict[int, T]]):
    """A list of values of one kind, each under its place."""

    right = "write a list"

    def __init__(self, inner: PolicyValue[T], **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._inner = inner

    def read(self, value: object, name: str) -> dict[int, T]:  # noqa: ARG002
        """Return the values by place; the good ones go along with the complaints about the others."""
        if not isinstance(value, list):
            raise complaint_error("is not a list", self.right)
        return _whole(*_each(self._inner, enumerate(value)))


class NonEmptyListOf(PolicyValue[tuple[T, ...]]):
    """A list with at least one value."""

    right = "write a list with at least one value"

    def __init__(self, inner: PolicyValue[T], **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._inner = inner

    def read(self, value: object, name: str) -> tuple[T, ...]:  # noqa: ARG002
        """Return the values in order, of which there is one at least."""
        if not isinstance(value, list):
            raise complaint_error("is not a list", self.right)
        if not value:
            raise complaint_error("is an empty list", self.right)
        return tuple(_whole(*_each(self._inner, enumerate(value))).values())


class OneOrMore(NonEmptyListOf[T]):
    """A list with at least one value, or a single value without the brackets."""

    right = "write one value, or a list with at least one"

    def read(self, value: object, name: str) -> tuple[T, ...]:
        """Return the values in order."""
        if isinstance(value, list):
            return super().read(value, name)
        return (self._inner.deserialize(value, name),)


def _each(inner: PolicyValue[T], values: Iterable[tuple[K, object]]) -> tuple[dict[K, T], dict[K, Any]]:
    """Return what could be made of the values, and the complaints about the others."""
    good: dict[K, T] = {}
    errors: dict[K, Any] = {}
    for key, value in values:
        try:
            good[key] = inner.deserialize(value, str(key))
        except ValidationError as error:
            errors[key] = error.messages
    return good, errors


def _whole(good: dict[K, T], errors: dict[K, Any]) -> dict[K, T]:
    if errors:
        raise ValidationError(errors, valid_data=good)  # type: ignore[arg-type]
    return good
