"""Who may see which incidents, as SQL conditions: what somebody may not see is not listed, counted or found."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, not_, or_, select, true

from escalator.model.audit import AuditAction
from escalator.model.levels import Mode
from escalator.store.codec import categories_from_text, categories_to_text
from escalator.store.tables import audit_records, incidents

CategorySet = tuple[str, ...]
"""Categories that fit an incident together, sorted."""

_NAMING = tuple(
    action.value
    for action in (
        *(AuditAction.SILENCE_BEGUN, AuditAction.SILENCE_ENDED, AuditAction.OVERRIDE_BEGUN, AuditAction.OVERRIDE_ENDED),
        *(AuditAction.SHIFT_CHANGED, AuditAction.DRILL_STARTED, AuditAction.DRILL_PASSED, AuditAction.DRILL_FAILED),
    )
)
"""Actions of records without an incident that name a category, a route, a schedule or a team."""


_OF_NOBODY_REAL = ("sandbox", "file", "engine")
"""The `via` of records without an incident that no real person caused."""


@dataclass(frozen=True, slots=True)
class Audience:
    """What somebody may see: incidents with one of these category sets; only the sandbox's if `is_sandbox`.

    `unknown` is what they may not know of, each as (kind, key): categories, routes, schedules and teams.
    `restrictions` is the mark of the restricted categories (`engine.categorize.restrictions_of`): an incident must have
    been evaluated with it to be seen; None for people without restrictions. Without facts an evaluation is final.
    """

    fits: frozenset[CategorySet]
    is_sandbox: bool
    unknown: frozenset[tuple[str, str]] = frozenset()
    restrictions: str | None = None

    def may_see(self) -> ColumnElement[bool]:
        """Return the condition on rows of `incidents`. A category set newer than this is not seen."""
        shown = incidents.c.matched_categories.in_(sorted(categories_to_text(categories) for categories in self.fits))
        return and_(shown, self._is_judged(), incidents.c.mode == Mode.SANDBOX if self.is_sandbox else true())

    def _is_judged(self) -> ColumnElement[bool]:
        if self.restrictions is None:
            return true()
        return or_(incidents.c.category_rules_digest.startswith(self.restrictions), incidents.c.sealed_facts.is_(None))

    def may_see_records(self) -> ColumnElement[bool]:
        """Return the condition on rows of `audit_records`: of a visible incident, or of none.

        Each record that is read has its incident looked up: for EXISTS, PostgreSQL first reads all visible incidents.
        """
        mine = select(true()).where(incidents.c.id == audit_records.c.incident_id, self.may_see())
        seen = mine.correlate(audit_records).scalar_subquery()
        return or_(and_(audit_records.c.incident_id.is_(None), self._may_know()), seen)

    def _may_know(self) -> ColumnElement[bool]:
        """Return the condition on records without an incident, which name their subject in JSON."""
        named = (f"{json.dumps(of)}: {json.dumps(name)}" for of, name in sorted(self.unknown))
        names_hidden = [audit_records.c.after.contains(name, autoescape=True) for name in named]
        known = or_(audit_records.c.action.not_in(_NAMING), not_(or_(*names_hidden))) if names_hidden else true()
        return and_(known, audit_records.c.via.in_(_OF_NOBODY_REAL) if self.is_sandbox else true())


def category_sets(connection: Connection) -> Collection[CategorySet]:
    """Return every set of categories that some incident has.

    There are few: each is found from the one before it, by index, however many incidents there are.
    """
    first = select(func.min(incidents.c.matched_categories).label("matched_categories")).cte(
        "combinations", recursive=True
    )
    after = (
        select(func.min(incidents.c.matched_categories))
        .where(incidents.c.matched_categories > first.c.matched_categories)
        .scalar_subquery()
    )
    digests = first.union_all(select(after).where(first.c.matched_categories.is_not(None)))
    return [
        categories_from_text(text)
        for text in connection.scalars(
            select(digests.c.matched_categories).where(digests.c.matched_categories.is_not(None))
        )
    ]
