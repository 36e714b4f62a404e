"""Problems of a policy: found at a place of its tree, reported with the line of the file and a remedy."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

TreePath = tuple[str | int, ...]
"""The place of a value in the tree: `("paths", "urgent", 1, "after")`; the whole file is `()`."""

_ADDRESS = re.compile(r"(\w+://)\S+")
_LISTED = 12
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """One error or warning: `what` is wrong, and what would be `right`.

    `blocks_production` marks the warnings that are errors when `run` starts in production (RULES 2).
    """

    path: str
    line: int
    what: str
    right: str
    is_warning: bool = False
    blocks_production: bool = False

    def as_line(self, file: str) -> str:
        """Return `FILE:LINE: path: what; what would be right`; `what` of a warning begins with that word."""
        kind = "warning: " if self.is_warning else ""
        return f"{file}:{self.line}: {self.path}: {kind}{self.what}; {self.right}"


@dataclass(frozen=True, slots=True)
class PolicyFinding:
    """A problem whose line is still to be looked up by its place, unless `line` says it."""

    place: TreePath
    what: str
    right: str
    is_warning: bool = False
    blocks_production: bool = False
    line: int | None = None


def make_warning(place: TreePath, what: str, right: str, *, blocks_production: bool = False) -> PolicyFinding:
    """Return a finding that leaves the policy usable."""
    return PolicyFinding(place, what, right, is_warning=True, blocks_production=blocks_production)


def dotted_path(place: TreePath) -> str:
    """Return a place as people write it: `paths.urgent[1].after`; the whole file is `policy`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return _printable(text.removeprefix(".")) or "policy"


def quoted(value: object) -> str:
    """Return a value from the file on one line, shortened, in quotes; an address may hold a secret and is cut off."""
    text = _ADDRESS.sub(r"\1...", str(value))
    return f'"{_printable(text[:_SHOWN])}{"..." if len(text) > _SHOWN else ""}"'


def join_names(names: Iterable[str]) -> str:
    """Return names in one line, the first dozen of them."""
    known = list(names)
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    return (", ".join(_printable(name) for name in known[:_LISTED]) or "none") + more


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """Return `did you mean "x"? known: ...`, the guess only where one is near."""
    names = list(known)
    close = [name for name in names if _is_part(name, written)] or get_close_matches(written, names, n=1)
    guess = f"did you mean {quoted(close[0])}? " if close else ""
    return f"{guess}known: {join_names(names)}"


def _is_part(name: str, written: str) -> bool:
    """Whether one begins with the other, or only a `team:` is missing."""
    return name.endswith(f":{written}") or (len(written) > 1 and (name.startswith(written) or written.startswith(name)))


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
