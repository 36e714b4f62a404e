"""`/silences`: list, create and end silences."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any, NoReturn

from marshmallow import Schema, fields
from marshmallow.validate import Range

from escalator.services.auth.api_tokens import Scope
from escalator.services.core.context import Core
from escalator.services.silences import manage
from escalator.services.silences.manage import MAX_REASON, SilenceProblem, SilenceRefused, SilenceRequest, SilenceRow
from web.api.access import recorded_via
from web.api.blueprint import ApiBlueprint
from web.api.problems import refuse
from web.api.request_schemas import Line
from web.api.response_schemas import SilenceListSchema, SilenceSchema
from web.session import running_policy, viewer

_MOST_MINUTES = 24 * 60
_STATUS = {SilenceProblem.PERSON: 403, SilenceProblem.ROLE: 403}


class SilenceRequestSchema(Schema):
    """`named` is what to silence: `category:KEY` or `route:NAME`."""

    named = Line(required=True)
    minutes = fields.Integer(required=True, strict=True, validate=Range(1, _MOST_MINUTES))
    reason = Line(MAX_REASON, required=True)
    is_for_critical = fields.Boolean(load_default=False)


def register(blueprint: ApiBlueprint, core: Core) -> None:
    """Add the routes."""

    @blueprint.route("GET", "/silences", scope=Scope.READ, answers=SilenceListSchema)
    def silences() -> dict[str, Any]:
        """List current and future silences."""
        with core.database.reading() as connection:
            rows = manage.list_silences(core, connection, running_policy(), viewer().person)
        return {"items": [_silence_document(row) for row in rows]}

    @blueprint.route("POST", "/silences", scope=Scope.ACT, asks=SilenceRequestSchema, answers=SilenceSchema, status=201)
    def begin(asked: dict[str, Any]) -> dict[str, Any]:
        """Create a silence for a category or a route."""
        lasts = timedelta(minutes=asked.pop("minutes"))
        begun = manage.create_silence(
            core, SilenceRequest(lasts=lasts, by=viewer().person.key, via=recorded_via(), **asked)
        )
        if isinstance(begun, SilenceRefused):
            _not_done(begun, 400)
        return _silence_document(SilenceRow(begun, is_in_force=True, handle=manage.handle_of(begun)))

    @blueprint.route("DELETE", "/silences/<handle>", scope=Scope.ACT, answers=None, status=204, problems=(404,))
    def end(handle: str) -> None:
        """End a silence now. Notifications that it held back are sent at once."""
        ended = manage.end_silence(core, handle, viewer().person.key, recorded_via())
        if isinstance(ended, SilenceRefused):
            _not_done(ended, 404)


def _silence_document(row: SilenceRow) -> dict[str, Any]:
    return asdict(row.silence) | {"is_in_force": row.is_in_force, "handle": row.handle}


def _not_done(refusal: SilenceRefused, status: int) -> NoReturn:
    refuse(_STATUS.get(refusal.problem, status), refusal.problem.value, refusal.message)
