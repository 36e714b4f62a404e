"""`/records`: the audit log with its hash chain, as far as the caller may see it."""

from typing import Any

from marshmallow import fields
from marshmallow.validate import Range
from sqlalchemy import Row

from escalator.model.audit import AuditAction
from escalator.services.audit import search as trail
from escalator.services.auth.api_tokens import Scope
from escalator.services.core.context import Core
from escalator.store import audit_log
from escalator.store.audit_search import AuditQuery, Position
from escalator.store.incidents import MOST_NUMBER
from web.api.blueprint import ApiBlueprint
from web.api.pagination import next_page
from web.api.problems import refuse
from web.api.request_schemas import LimitSchema, Line
from web.api.response_schemas import Instant, RecordListSchema
from web.session import running_policy, viewer


class _CursorField(fields.String):
    """The start of a page, as `next` gives it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return trail.decode_cursor(super()._deserialize(value, attr, data, **kwargs))
        except ValueError as error:
            raise self.make_error("invalid") from error


class RecordFilterSchema(LimitSchema):
    """Which records to return. `action` may be repeated."""

    person = Line()
    incident = fields.Integer(validate=Range(0, MOST_NUMBER))
    category = Line()
    action = fields.List(fields.Enum(AuditAction, by_value=True), load_default=list)
    since = Instant()
    until = Instant()
    cursor = _CursorField(metadata={"description": "Cursor of the page: `next` of the answer before it."})


def register(blueprint: ApiBlueprint, core: Core) -> None:
    """Add the route."""

    @blueprint.route("GET", "/records", scope=Scope.AUDIT, asks=RecordFilterSchema, answers=RecordListSchema)
    def found(asked: dict[str, Any]) -> dict[str, Any]:
        """Search the audit log. The newest records come first."""
        search = AuditQuery(
            actor=asked.get("person"),
            number=asked.get("incident"),
            category=asked.get("category"),
            actions=tuple(action.value for action in asked["action"]),
            since=asked.get("since"),
            until=asked.get("until"),
        )
        why_not = trail.search_refusal(viewer().person, search)
        if why_not:
            refuse(403, "role", why_not)
        page = trail.search_page(
            core, viewer(), running_policy(), search, older_than=asked.get("cursor"), limit=asked["limit"]
        )
        return {"items": [_line(row) for row in page.rows], "next": _next(page.older)}


def _next(place: Position | None) -> str | None:
    return next_page(trail.encode_cursor(place)) if place else None


def _line(row: Row[Any]) -> dict[str, Any]:
    return {**audit_log.export_line(row, row.seq, row.prev_hash), "hash": row.hash}
