"""`/incidents`: the list, and one incident with its timeline."""

from typing import Any

from escalator.services.auth.api_tokens import Scope
from escalator.services.auth.viewer import audience_of
from escalator.services.core.context import Core
from escalator.services.views.incident_summary import summarize_incident
from escalator.store import incident_search
from escalator.store.incident_search import IncidentFilter
from escalator.store.incidents import MOST_NUMBER
from web.api.blueprint import ApiBlueprint
from web.api.pagination import next_page
from web.api.problems import refuse
from web.api.request_schemas import IncidentFilterSchema
from web.api.response_schemas import IncidentDetailSchema, IncidentListSchema, IncidentSchema
from web.session import running_policy, viewer

NUMBERED = f"/incidents/<int(max={MOST_NUMBER}):number>"


def register(blueprint: ApiBlueprint, core: Core) -> None:
    """Add the routes."""

    @blueprint.route("GET", "/incidents", scope=Scope.READ, asks=IncidentFilterSchema, answers=IncidentListSchema)
    def listed(asked: dict[str, Any]) -> dict[str, Any]:
        """List incidents. The newest come first."""
        limit = asked["limit"]
        with core.database.reading() as connection:
            audience = audience_of(connection, viewer(), running_policy().policy)
            rows = incident_search.by_number(
                connection, audience, _filter(asked), limit=limit + 1, before=asked.get("cursor")
            )
        page = rows[:limit]
        return {"items": page, "next": next_page(str(page[-1].number)) if len(rows) > limit else None}

    @blueprint.route("GET", NUMBERED, scope=Scope.READ, answers=IncidentDetailSchema, problems=(404,))
    def incident(number: int) -> dict[str, Any]:
        """Get one incident with its timeline and notifications."""
        return find_incident_or_404(core, number)


def find_incident_or_404(core: Core, number: int) -> dict[str, Any]:
    """Return an incident as it is now, for the caller; aborts with 404 if there is none they may see."""
    summary = summarize_incident(core, viewer(), number)
    if summary is None:
        refuse(404)
    names = (field.attribute or name for name, field in IncidentSchema().fields.items())
    plain = {name: getattr(summary.incident, name) for name in names}
    return plain | {
        "said": summary.disclosure,
        "stream_actions": summary.incident.stream_actions,
        "timeline": summary.timeline,
        "deliveries": summary.deliveries,
    }


def _filter(asked: dict[str, Any]) -> IncidentFilter:
    return IncidentFilter(
        states=frozenset(asked["state"]),
        severities=frozenset(asked["severity"]),
        category=asked.get("category"),
        owner=asked.get("owner"),
        assign=asked.get("assign"),
        source=asked.get("source"),
        since=asked.get("since"),
        until=asked.get("until"),
    )
