"""A record on a page: its sentence, its time, and its incident's title."""

import json
from datetime import datetime
from typing import Any

from flask import g
from sqlalchemy import Row

from escalator.rendering.timeline import record_words
from web.dashboard.template_filters import zone
from web.session import running_policy


def record_sentence(row: Row[Any]) -> str:
    """Return a record as a sentence."""
    return record_words(row.action, row.actor_key, row.reason, json.loads(row.after), running_policy().policy)


def title(category: str | None) -> str:
    """Return a category's name; its key if the policy no longer has it."""
    known = running_policy().policy.categories.get(category or "")
    return known.title if known else category or ""


def dated(instant: datetime, *, seconds: bool = False) -> str:
    """Return `Wed 25 Nov 14:03` in the reader's zone, with the year if it is not the current one.

    A kept or printed list has the day, even for today.
    """
    local = instant.astimezone(zone())
    year = "" if local.year == g.now.astimezone(zone()).year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year} {local:%H:%M:%S}"[: None if seconds else -len(":00")]
