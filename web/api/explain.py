"""`/explain`: what an event would do now if nobody acknowledged it. Nothing is stored or sent."""

import json
from typing import Any

from marshmallow import Schema, fields

from escalator.services.auth.api_tokens import Scope
from escalator.services.core.context import Core
from escalator.services.policies.explain import explain_as_json
from web.api.blueprint import ApiBlueprint
from web.api.request_schemas import Line
from web.api.response_schemas import ExplanationSchema, Instant
from web.session import running_policy


class ExplainRequestSchema(Schema):
    """`event` is the JSON body of a webhook.

    `at` is when it is accepted (default: now), `source` its source (default: the first).
    """

    event = fields.Dict(keys=fields.String(), required=True)
    at = Instant(load_default=None, allow_none=True)
    source = Line(load_default=None, allow_none=True)


def register(blueprint: ApiBlueprint, core: Core) -> None:
    """Add the route."""

    @blueprint.route("POST", "/explain", scope=Scope.READ, asks=ExplainRequestSchema, answers=ExplanationSchema)
    def explained(asked: dict[str, Any]) -> dict[str, Any]:
        """Explain what an event would do: who would be notified, when and how. Nothing is stored or sent."""
        return explain_as_json(
            core, running_policy(), json.dumps(asked["event"]).encode(), asked["source"], asked["at"]
        )
