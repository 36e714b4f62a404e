"""What the product logs, line by line, as it is rendered in production."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from escalator.bootstrap import configure_logging

Json = dict[str, object]


class Log:
    """Everything that the product logs, as it is rendered."""

    def __init__(self) -> None:
        self._buffer = io.StringIO()

    @property
    def text(self) -> str:
        return self._buffer.getvalue()

    def lines(self, *levels: str) -> list[Json]:
        found = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in found if line["level"] in levels]

    @contextmanager
    def listening(self) -> Iterator["Log"]:
        before, root = structlog.get_config(), logging.getLogger()
        handler = logging.StreamHandler(self._buffer)
        handler.setFormatter(_AsJson())
        configure_logging(logging.DEBUG)
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(self._buffer))
        root.addHandler(handler)
        try:
            yield self
        finally:
            root.removeHandler(handler)
            structlog.configure(**before)


class _AsJson(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = super().format(record)
        return json.dumps({"event": said, "level": record.levelname.lower(), "logger": record.name})
