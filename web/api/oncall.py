"""`/oncall`: who is on call for every team and on every schedule, until when, and who is next."""

from typing import Any

from flask import g
from marshmallow import Schema

from escalator.engine.oncall import OnCallStatus, may_view_on_call, on_call_statuses
from escalator.services.auth.api_tokens import Scope
from escalator.services.core.context import Core
from web.api.blueprint import ApiBlueprint
from web.api.response_schemas import Instant, OnCallListSchema
from web.session import running_policy, viewer


class AtSchema(Schema):
    """`at` is the time to ask for (default: now)."""

    at = Instant()


def register(blueprint: ApiBlueprint, core: Core) -> None:  # noqa: ARG001  # what the blueprint knows of who asks is enough
    """Add the route."""

    @blueprint.route("GET", "/oncall", scope=Scope.READ, asks=AtSchema, answers=OnCallListSchema)
    def oncall(asked: dict[str, Any]) -> dict[str, Any]:
        """List who is on call, who is next, and when it changes."""
        at, asker, policy = asked.get("at", g.now), viewer().person, running_policy().policy
        statuses = on_call_statuses(running_policy().roster(at))
        return {
            "at": at,
            "oncall": [_status_document(status) for status in statuses if may_view_on_call(status, asker, policy)],
        }


def _status_document(status: OnCallStatus) -> dict[str, Any]:
    return {
        "kind": "team" if status.is_team else "schedule",
        "key": status.key,
        "schedule": status.schedule,
        "attended": status.is_attended,
        "now": status.now,
        "until": status.until,
        "next": status.next,
        "next_from": status.next_from,
        "lead": status.lead,
    }
