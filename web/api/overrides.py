"""`/overrides`: lists, begins and ends overrides of who is on call."""

from typing import Any, NoReturn
from uuid import UUID

from flask import g
from marshmallow import Schema

from escalator.engine.oncall import may_view_schedule
from escalator.model.schedule import ManualOverride
from escalator.services.auth.api_tokens import Scope
from escalator.services.core.context import Core
from escalator.services.oncall import overrides
from escalator.services.oncall.overrides import OverrideProblem, OverrideRefused, OverrideRequest
from web.api.access import recorded_via
from web.api.blueprint import ApiBlueprint
from web.api.problems import refuse
from web.api.request_schemas import Line
from web.api.response_schemas import Instant, OverrideSchema, OverridesSchema
from web.session import running_policy, viewer

_STATUS = {OverrideProblem.ROLE: 403, OverrideProblem.GONE: 404}


class StandingInSchema(Schema):
    """Who is to be on call on a schedule, from when until when."""

    schedule = Line(required=True)
    person = Line(required=True)
    start = Instant(required=True)
    end = Instant(required=True)


def register(blueprint: ApiBlueprint, core: Core) -> None:
    """Add the routes."""

    @blueprint.route("GET", "/overrides", scope=Scope.READ, answers=OverridesSchema)
    def listed() -> dict[str, Any]:
        """List the overrides that people have begun and that are not over."""
        asker, policy = viewer().person, running_policy().policy
        known = (
            stand_in for stand_in in running_policy().stand_ins if may_view_schedule(stand_in.schedule, asker, policy)
        )
        return {"items": [override for override in known if override.end > g.now]}

    @blueprint.route("POST", "/overrides", scope=Scope.ACT, asks=StandingInSchema, answers=OverrideSchema, status=201)
    def begin(asked: dict[str, Any]) -> ManualOverride:
        """Put somebody on call for a time, instead of whoever it would be."""
        result = overrides.create_override(core, OverrideRequest(**asked), viewer().person, recorded_via())
        return result if isinstance(result, ManualOverride) else _not_done(result)

    @blueprint.route(
        "DELETE", "/overrides/<uuid:override_id>", scope=Scope.ACT, answers=None, status=204, problems=(404,)
    )
    def end(override_id: UUID) -> None:
        """Take an override back: from now on it is again whoever it would be."""
        ended = overrides.end_override(core, override_id, viewer().person, recorded_via())
        if isinstance(ended, OverrideRefused):
            _not_done(ended)


def _not_done(refusal: OverrideRefused) -> NoReturn:
    refuse(_STATUS.get(refusal.what, 400), refusal.what.value, refusal.said)
