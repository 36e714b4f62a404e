"""Filter the output of the parts of `run`, line by line: all of it when verbose, else warnings and errors."""

import json
import re
from collections import deque

_LEVEL = re.compile(
    r"\[[^\]]*: (?P<celery>[A-Z]+)/|\[[^\]]*\] \[\d+\] \[(?P<gunicorn>[A-Z]+)\]|\d+:[MCXS] (?P<valkey>)"
)
_LOUD = frozenset({"WARNING", "ERROR", "CRITICAL"})
_KEPT = 10
_LONGEST = 65_536


class OutputFilter:
    """The filter of one part: bytes in, lines to show out. A line without a level follows the one before it.

    The broker's own lines are shown only when verbose: the work is in the database.
    """

    def __init__(self, name: str, *, is_verbose: bool) -> None:
        self._prefix = f"{name:<6} | "
        self._is_verbose = is_verbose
        self._is_loud = True
        self._incomplete = b""
        self._hidden: deque[str] = deque(maxlen=_KEPT)

    def feed(self, data: bytes) -> list[str]:
        """Return the lines to show of new output; an incomplete line waits for the rest."""
        *lines, self._incomplete = (self._incomplete + data).split(b"\n")
        if len(self._incomplete) > _LONGEST:
            lines, self._incomplete = [*lines, self._incomplete], b""
        return [shown for line in lines if (shown := self._shown_line(line.decode(errors="replace").rstrip()))]

    def flush(self, *, is_of_interest: bool) -> list[str]:
        """Return the last hidden lines, if they are of interest because a part has ended; then reset the filter."""
        lines, incomplete = list(self._hidden), self._incomplete.decode(errors="replace").rstrip()
        self._hidden.clear()
        self._incomplete, self._is_loud = b"", True
        return [self._prefix + line for line in [*lines, incomplete] if line and is_of_interest]

    def _shown_line(self, line: str) -> str | None:
        if not line:
            return None
        self._is_loud = is_loud(line, otherwise=self._is_loud)
        if self._is_verbose or self._is_loud:
            return self._prefix + line
        self._hidden.append(line)
        return None


def is_loud(line: str, *, otherwise: bool) -> bool:
    """Whether a line of ours, Celery's or gunicorn's is a warning or worse; `otherwise` if it has no level."""
    if line.startswith("{"):
        return _level_of_json(line) in _LOUD
    match = _LEVEL.match(line)
    if match is None:
        return otherwise
    return (match["celery"] or match["gunicorn"]) in _LOUD


def _level_of_json(line: str) -> str:
    try:
        record = json.loads(line)
    except ValueError:
        return ""
    return str(record.get("level", "")).upper() if isinstance(record, dict) else ""
