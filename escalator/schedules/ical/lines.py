"""The content lines of a feed (RFC 5545, 3.1) as components with their properties."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_FOLD = re.compile(rb"(?:\r\n|\n|\r)[ \t]")
"""A line continues after a line break and one space; some programs fold inside a character, so bytes are unfolded."""

_PART = r'(?:"[^"]*"|[^";:,]*)'
_LINE = re.compile(rf"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+={_PART}(?:,{_PART})*)*):(.*)", re.DOTALL)
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=((?:"[^"]*"|[^";:])*)')

_ONCE = frozenset(
    ("UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RECURRENCE-ID", "SEQUENCE", "STATUS", "SUMMARY", "METHOD")
    + ("X-WR-TIMEZONE", "TZID", "TZOFFSETFROM", "TZOFFSETTO")
)
_OFTEN = frozenset(("EXDATE", "RDATE", "EXRULE", "ATTENDEE"))
_WANTED = _ONCE | _OFTEN


class Undefined(Exception):
    """The standard forbids this, or leaves its meaning undefined."""


@dataclass(frozen=True, slots=True)
class Property:
    """One content line: its value as written, and its parameters, by names in capitals."""

    value: str
    parameters: dict[str, str]


@dataclass(slots=True)
class Component:
    """A component such as VEVENT, with those of its properties that are used, and the components in it."""

    name: str
    properties: dict[str, list[Property]] = field(default_factory=dict)
    inside: list["Component"] = field(default_factory=list)
    has_malformed: bool = False

    def single(self, name: str) -> Property | None:
        """Return the property of that name; raises Undefined where it is written twice."""
        values = self.properties.get(name, [])
        if len(values) > 1:
            raise Undefined(f"{name} is written {len(values)} times")
        return values[0] if values else None

    def all(self, name: str) -> list[Property]:
        """Return all properties of that name."""
        return self.properties.get(name, [])

    def word(self, name: str) -> str:
        """Return the value of a property in capitals; empty when there is none."""
        property_ = self.single(name)
        return property_.value.strip().upper() if property_ else ""

    def components(self, name: str) -> Iterator["Component"]:
        """Yield the components of that name which stand directly in this one."""
        return (inside for inside in self.inside if inside.name == name)


def parse_calendars(feed: bytes) -> list[Component] | None:
    """Return the calendars of a feed; None when it is something else, or was cut off."""
    unfolded = _FOLD.sub(b"", feed.removeprefix(b"\xef\xbb\xbf").strip())
    root = Component("")
    nested = [root]
    # Bytes are split at CR and LF only: a text may hold U+2028 and others of Unicode's line breaks.
    for line in (raw_line.decode("utf-8", "replace") for raw_line in unfolded.splitlines()):
        name, _, value = line.partition(":")
        keyword = name.strip().upper()
        if keyword == "BEGIN":
            inner = Component(value.strip().upper())
            nested[-1].inside.append(inner)
            nested.append(inner)
        elif keyword == "END":
            if len(nested) == 1 or nested.pop().name != value.strip().upper():
                return None
        elif len(nested) == 1:
            if line.strip():
                return None
        else:
            _keep(nested[-1], line, keyword.partition(";")[0])
    is_whole = (
        len(nested) == 1 and bool(root.inside) and all(component.name == "VCALENDAR" for component in root.inside)
    )
    return root.inside if is_whole else None


def _keep(component: Component, line: str, name: str) -> None:
    """Keep a line with a property that is used, and mark the component if it is malformed. Others are left out."""
    if name not in _WANTED:
        return
    match = _LINE.fullmatch(line.strip())
    if match is None:
        component.has_malformed = True
        return
    parameters = {key.upper(): value.strip('"') for key, value in _PARAMETER.findall(match[2])}
    component.properties.setdefault(name, []).append(Property(match[3].strip(), parameters))


def plain_text(value: str) -> str:
    """Return a TEXT value without its escapes (3.3.11)."""
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)
