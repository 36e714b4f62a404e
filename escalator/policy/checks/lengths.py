"""Lengths of values that are limited elsewhere: in the database, and in audit records."""

from collections.abc import Iterator

from escalator.model.kind_description import EmailsField, Field, TextField, UrlField
from escalator.policy.draft import PolicyDraft
from escalator.policy.problems import PolicyFinding
from escalator.policy.schema_destinations import ADDRESSES, FIELDS
from escalator.policy.tree_walk import find_values, parse_pattern

ADDRESS_BYTES = 2_000
"""Bytes of an unexpanded address in UTF-8: the column `deliveries.address` is wider, its index takes 2,704."""

NAME_BYTES = 128
"""Bytes of a route's name, which silences and drills refer to."""


def _right(field: Field) -> str:
    if isinstance(field, EmailsField):
        return "write one email address, or several as a list"
    if isinstance(field, UrlField):
        return "write a shorter address, or `${NAME}` of a variable that holds it"
    return field.right if isinstance(field, TextField) else "write a shorter value"


_LIMITS = {
    **{where: (ADDRESS_BYTES, _right(field)) for where, field in FIELDS if where in ADDRESSES},
    "people.*.email": (ADDRESS_BYTES, "write one email address"),
    "routes[].name": (NAME_BYTES, f"name it in at most {NAME_BYTES} bytes"),
}


def check_lengths(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield an error for each value that is too long for its column or record."""
    for where, (max_bytes, right) in _LIMITS.items():
        for place, value in find_values(draft.tree, parse_pattern(where)):
            if isinstance(value, str) and len(value.encode(errors="replace")) > max_bytes:
                yield PolicyFinding(place, f"is longer than {max_bytes} bytes", right)
