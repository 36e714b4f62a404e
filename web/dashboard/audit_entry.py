"""A record on a page: what it says, when it was, and what its incident is about."""

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
    """Return what a category is called; its key where the policy does not know it any more."""
    known = running_policy().policy.categories.get(category or "")
    return known.title if known else category or ""


def dated(instant: datetime, *, seconds: bool = False) -> str:
    """Return `Wed 25 Nov 14:03` in the reader's zone, with the year where it is not this one.

    A list that is kept or printed names the day, today's too.
    """
    local = instant.astimezone(zone())
    year = "" if local.year == g.now.astimezone(zone()).year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year} {local:%H:%M:%S}"[: None if seconds else -len(":00")]
