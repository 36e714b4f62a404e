"""`/overrides`: list, create and end overrides of who is on call."""

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
from web.api.response_schemas import Instant, OverrideListSchema, OverrideSchema
from web.session import running_policy, viewer

_STATUS = {OverrideProblem.ROLE: 403, OverrideProblem.GONE: 404}


class OverrideRequestSchema(Schema):
    """Who is on call on a schedule instead, from `start` until `end`."""

    schedule = Line(required=True)
    person = Line(required=True)
    start = Instant(required=True)
    end = Instant(required=True)


def register(blueprint: ApiBlueprint, core: Core) -> None:
    """Add the routes."""

    @blueprint.route("GET", "/overrides", scope=Scope.READ, answers=OverrideListSchema)
    def listed() -> dict[str, Any]:
        """List current and future overrides, except those in the policy file."""
        asker, policy = viewer().person, running_policy().policy
        known = (
            stand_in for stand_in in running_policy().stand_ins if may_view_schedule(stand_in.schedule, asker, policy)
        )
        return {"items": [override for override in known if override.end > g.now]}

    @blueprint.route(
        "POST", "/overrides", scope=Scope.ACT, asks=OverrideRequestSchema, answers=OverrideSchema, status=201
    )
    def begin(asked: dict[str, Any]) -> ManualOverride:
        """Create an override: one person is on call on a schedule for a given time."""
        result = overrides.create_override(core, OverrideRequest(**asked), viewer().person, recorded_via())
        return result if isinstance(result, ManualOverride) else _not_done(result)

    @blueprint.route(
        "DELETE", "/overrides/<uuid:override_id>", scope=Scope.ACT, answers=None, status=204, problems=(404,)
    )
    def end(override_id: UUID) -> None:
        """End an override now: the schedule applies again."""
        ended = overrides.end_override(core, override_id, viewer().person, recorded_via())
        if isinstance(ended, OverrideRefused):
            _not_done(ended)


def _not_done(refusal: OverrideRefused) -> NoReturn:
    refuse(_STATUS.get(refusal.problem, 400), refusal.problem.value, refusal.message)
