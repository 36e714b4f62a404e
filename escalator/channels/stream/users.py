"""Stream's users: whom Stream knows by an id."""

import json
from collections.abc import Sequence

from escalator.channels.stream.client import StreamClient
from escalator.model.message import Failed, FailureReason

MOST_USERS = 100
"""The most that are asked for at once."""


def known_users(client: StreamClient, ids: Sequence[str]) -> frozenset[str] | Failed:
    """Return which of these ids Stream has users of (GET /api/v2/users)."""
    payload = {"filter_conditions": {"id": {"$in": list(ids)}}, "limit": len(ids)}
    answer = client.ask("GET", "/api/v2/users", query={"payload": json.dumps(payload)})
    if isinstance(answer, Failed):
        return answer
    users = answer.body.get("users")
    if not isinstance(users, list):
        return Failed(FailureReason.BAD_ANSWER, "no_users")
    return frozenset(user["id"] for user in users if isinstance(user, dict) and isinstance(user.get("id"), str))
