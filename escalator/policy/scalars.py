"""Scalars of a policy: each type reads a text into a typed value, or says what would be right.

Durations, times and dates are in `escalator.policy.time_scalars`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypedDict, TypeVar, Unpack

from marshmallow import ValidationError, fields

from escalator.model.email_address import CORRECT_FORM, parse_mailbox
from escalator.policy.placeholders import has_placeholder
from escalator.policy.problems import did_you_mean, quoted
from escalator.policy.targets import target_text
from escalator.policy.web_address import is_web_address

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_WHOLE = re.compile(r"[0-9]{1,9}")
_NUMBER = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(%?)")
_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Complaint:
    """The message of a ValidationError: what is wrong, and what would be right."""

    what: str
    right: str


def complaint_error(what: str, right: str) -> ValidationError:
    """Return the error with one complaint."""
    return ValidationError([Complaint(what, right)])


class Options(TypedDict, total=False):
    """Options of every value: whether it is required, and how the file spells its key."""

    required: bool
    data_key: str


class PolicyValue(fields.Field[T], Generic[T]):
    """A value of a policy. `right` is the remedy for anything else."""

    right = "write a value"

    def read(self, value: object, name: str) -> T:
        """Return the typed value of `value`, found under `name`; raise ValidationError with every complaint."""
        raise NotImplementedError

    def _deserialize(self, value: object, attr: str | None, data: object, **_: object) -> T:  # noqa: ARG002
        return self.read(value, attr or "")

    def make_error(self, key: str, **_: object) -> ValidationError:
        """Return the error for a value that is missing or empty."""
        return complaint_error("is missing" if key == "required" else "has no value", self.right)


class Scalar(PolicyValue[T]):
    """A value read from one text by `_typed`, which returns None for what is not valid."""

    def read(self, value: object, name: str) -> T:  # noqa: ARG002
        """Return the typed value; raise ValidationError for what is not valid."""
        if not isinstance(value, str):
            raise complaint_error(f"is a {'list' if isinstance(value, list) else 'mapping'}, not one value", self.right)
        typed = self._typed(value)
        if typed is None:
            raise complaint_error(f"{self._shown(value)} is not valid", self._remedy(value))
        return typed

    def _typed(self, text: str) -> T | None:
        raise NotImplementedError

    def _shown(self, text: str) -> str:
        return quoted(text)

    def _remedy(self, text: str) -> str:  # noqa: ARG002
        return self.right


class NonEmptyText(Scalar[str]):
    """A text that is not empty."""

    def __init__(self, right: str = "write a text", **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self.right = right

    def _typed(self, text: str) -> str | None:
        return text if text.strip() else None


class AnyText(NonEmptyText):
    """A text that may be empty, as an api key that switches its source off."""

    def _typed(self, text: str) -> str | None:
        return text.strip()


class MatchingText(NonEmptyText):
    """A text of a certain form."""

    def __init__(self, pattern: str, right: str, **options: Unpack[Options]) -> None:
        super().__init__(right, **options)
        self._pattern = re.compile(pattern)

    def _typed(self, text: str) -> str | None:
        return text if has_placeholder(text) or self._pattern.fullmatch(text) else None


class Address(NonEmptyText):
    """A web address, which may hold a secret: a complaint about it does not repeat it."""

    def __init__(self, **options: Unpack[Options]) -> None:
        super().__init__("write an address that begins with https://", **options)

    def _typed(self, text: str) -> str | None:
        return text if has_placeholder(text) or is_web_address(text) else None

    def _shown(self, text: str) -> str:  # noqa: ARG002
        return "the address"


class MailAddress(NonEmptyText):
    """An email address that an email can reach."""

    def __init__(self, **options: Unpack[Options]) -> None:
        super().__init__(CORRECT_FORM, **options)

    def _typed(self, text: str) -> str | None:
        return text if has_placeholder(text) or parse_mailbox(text) else None


class EnumWord(Scalar[E]):
    """One of the words of an enum."""

    def __init__(self, words: Iterable[E], **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._words = {word.value: word for word in words}
        self.right = f"one of {', '.join(self._words)}"

    def _typed(self, text: str) -> E | None:
        return self._words.get(text)

    def _remedy(self, text: str) -> str:
        return did_you_mean(text.lower(), self._words)


class OneOf(Scalar[str]):
    """One of a few texts."""

    def __init__(self, *words: str, **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._words = words
        self.right = f"one of {', '.join(words)}"

    def _typed(self, text: str) -> str | None:
        return text if text in self._words else None

    def _remedy(self, text: str) -> str:
        return did_you_mean(text.lower(), self._words)


class Target(PolicyValue[str]):
    """Whom a step, a route or an alarm means."""

    right = "write a destination, team, team:NAME, person:NAME or schedule:NAME"

    def read(self, value: object, name: str) -> str:  # noqa: ARG002
        """Return the target as one text."""
        target = target_text(value)
        if not target:
            raise complaint_error("names nobody", self.right)
        return target


class TrueOrFalse(Scalar[bool]):
    """Yes or no."""

    right = "write true or false"

    def _typed(self, text: str) -> bool | None:
        return _FLAGS.get(text.lower())


class WholeNumber(Scalar[int]):
    """A whole number, from `least` to `most`."""

    def __init__(self, least: int, most: int, **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._range = range(least, most + 1)
        self.right = f"write a whole number from {least} to {most}"

    def _typed(self, text: str) -> int | None:
        number = int(text) if _WHOLE.fullmatch(text) else None
        return number if number in self._range else None


class Number(Scalar[float]):
    """A number from 0 to `most`; a percentage is a hundredth."""

    def __init__(self, most: float, **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._most = most
        self.right = f"write a number from 0 to {most:g}"

    def _typed(self, text: str) -> float | None:
        match = _NUMBER.fullmatch(text)
        number = float(match[1]) / (100 if match[2] else 1) if match else None
        return number if number is not None and number <= self._most else None
