"""`/policy`: the active version, as it is written."""

from typing import Any

from escalator.services.auth.api_tokens import Scope
from escalator.services.core.context import Core
from escalator.store import policies
from web.api.blueprint import ApiBlueprint
from web.api.response_schemas import PolicySchema
from web.session import running_policy


def register(blueprint: ApiBlueprint, core: Core) -> None:
    """Add the route."""

    @blueprint.route("GET", "/policy", scope=Scope.READ, answers=PolicySchema)
    def policy() -> dict[str, Any]:
        """Show the running policy."""
        version = running_policy().version
        with core.database.reading() as connection:
            text, sha256 = policies.text_of(connection, version), policies.sha256_of(connection, version)
        return {"id": version, "sha256": sha256, "text": text}
