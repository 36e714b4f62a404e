"""The section `destinations`, built from the descriptions of the kinds."""

from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from marshmallow import ValidationError, fields, validates_schema

from escalator.model.destination_kind import DestinationKind
from escalator.model.kind_description import (
    ChoiceField,
    EmailsField,
    Field,
    JsonField,
    Option,
    PersonField,
    SectionField,
    TextField,
    UrlField,
)
from escalator.model.policy import Destination, JsonValue
from escalator.policy.containers import FixedMapping, MappingSchema, OneOrMore
from escalator.policy.json_fields import JsonFields
from escalator.policy.scalars import (
    Address,
    Complaint,
    MailAddress,
    MatchingText,
    NonEmptyText,
    OneOf,
    Options,
    TrueOrFalse,
)

_Fields = dict[str, fields.Field[Any]]


def _field(described: Field, options: Options) -> fields.Field[Any]:
    """Return the field for a described value."""
    match described:
        case TextField(pattern="", right=right):
            return NonEmptyText(right, **options)
        case TextField(pattern=pattern, right=right):
            return MatchingText(pattern, right, **options)
        case UrlField():
            return Address(**options)
        case EmailsField():
            return OneOrMore(MailAddress(), **options)
        case ChoiceField(words=words):
            return OneOf(*words, **options)
        case PersonField():
            return NonEmptyText("write a key of `people`", **options)
        case JsonField():
            return JsonFields(described, **options)
        case _:
            assert_never(described)


def _section(described: SectionField) -> fields.Field[Any]:
    """Return the field for a mapping with fixed keys."""
    # marshmallow reserves some names (`fields`), so each gets a prefix.
    inner: _Fields = {
        f"key_{name}": _field(field, {"data_key": name, "required": name not in described.optional})
        for name, field in described.fields.items()
    }
    keys: type[MappingSchema] = MappingSchema.from_dict(inner)  # type: ignore[assignment]  # it makes a subclass of what it is asked of
    return FixedMapping(keys, _without_prefix)


def _without_prefix(**typed: Any) -> dict[str, Any]:  # noqa: ANN401
    return {name.removeprefix("key_"): value for name, value in typed.items()}


def _options() -> Mapping[str, tuple[Option, list[str]]]:
    """Return every further key with the kinds that have it. Kinds that share a key must describe it equally."""
    options: dict[str, tuple[Option, list[str]]] = {}
    for kind in DestinationKind:
        for name, option in kind.about.entry.options.items():
            option_of_name, kinds = options.setdefault(name, (option, []))
            if option_of_name != option:
                raise TypeError(f"`{name}` means one thing for {kinds[0]} and another for {kind.value}")
            kinds.append(kind.value)
    return options


_OPTIONS = _options()
_KINDS = [kind.value for kind in DestinationKind]


class _OfOneKind(MappingSchema):
    """The rule for every destination."""

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def is_of_one_kind(self, _data: Mapping[str, Any], original: Mapping[str, Any], **_: object) -> None:
        """Refuse a destination of no kind, or of several, and the further keys of another kind."""
        kinds_used = [kind for kind in _KINDS if kind in original]
        if len(kinds_used) != 1:
            what = f"has {len(kinds_used)} kinds: {', '.join(kinds_used)}" if kinds_used else "has no kind"
            raise ValidationError([Complaint(what, f"write exactly one of {', '.join(_KINDS)}")])
        for key, (option, kinds) in _OPTIONS.items():
            if key in original and kinds_used[0] not in kinds:
                right = f"only a `{'` or `'.join(kinds)}` destination has `{key}`"
                raise ValidationError({key: [Complaint(option.elsewhere, right)]})


def _keys() -> type[MappingSchema]:
    of_kinds: _Fields = {
        kind.value: _section(address) if isinstance(address, SectionField) else _field(address, {})
        for kind in DestinationKind
        for address in (kind.about.entry.address,)
    }
    of_options: _Fields = {name: _field(option.field, {}) for name, (option, _) in _OPTIONS.items()}
    of_all: _Fields = {"urgent": TrueOrFalse(), "fallback": NonEmptyText()}
    keys: type[MappingSchema] = _OfOneKind.from_dict(of_kinds | of_options | of_all)  # type: ignore[assignment]
    return keys


DestinationKeys = _keys()
"""A destination: exactly one kind, with the further keys of that kind."""


def _entry_fields() -> Iterator[tuple[str, Field]]:
    for kind in DestinationKind:
        address = kind.about.entry.address
        if isinstance(address, SectionField):
            yield from ((f"{kind.value}.{name}", field) for name, field in address.fields.items())
        else:
            yield kind.value, address
    yield from ((name, option.field) for name, (option, _) in _OPTIONS.items())


def _pattern_of(name: str, field: Field) -> str:
    ending = {EmailsField: "[]", JsonField: ".**"}.get(type(field), "")
    return f"destinations.*.{name}{ending}"


FIELDS: tuple[tuple[str, Field], ...] = tuple((_pattern_of(name, field), field) for name, field in _entry_fields())
"""Every value that a destination of some kind may have, by the pattern of its place (see `tree_walk`)."""

ADDRESSES = frozenset(
    _pattern_of(f"{kind.value}.{address.address}" if isinstance(address, SectionField) else kind.value, field)
    for kind in DestinationKind
    for address in (kind.about.entry.address,)
    for field in (address.fields[address.address] if isinstance(address, SectionField) else address,)
)
"""Those of `FIELDS` that are addresses."""

PERSON_OPTIONS = tuple(name for name, (option, _) in _OPTIONS.items() if isinstance(option.field, PersonField))
"""The further keys that name a person of the policy."""


def destination(key: str, *, urgent: bool = False, fallback: str | None = None, **keys: Any) -> Destination:  # noqa: ANN401
    """Return a destination of the one kind that it has."""
    kind = next(kind for kind in DestinationKind if kind in keys)
    address, further = keys.pop(kind), dict[str, JsonValue]()
    described = kind.about.entry.address
    if isinstance(described, SectionField):
        section = dict(address)
        address = section.pop(described.address)
        for name, value in section.items():
            if isinstance(described.fields[name], JsonField):
                further |= value
            else:
                keys[name] = value
    options = {name: str(value) for name, value in keys.items()}
    addresses = (address,) if isinstance(address, str) else tuple(address)
    return Destination(key, kind, addresses, urgent, fallback, options, further)
