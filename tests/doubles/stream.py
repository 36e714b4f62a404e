"""A double of Stream's REST API over real HTTP, which refuses what Stream refuses.

    with StreamDouble() as stream:
        read_app(StreamClient(stream.origin, stream.key, [stream.secret]))

It knows one app: its settings, its rate limits, and the items of its review queue. `now` is its clock, by which it
judges tokens and dates its answers.
"""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.doubles.http import HttpDouble, Reply
from tests.doubles.stream_action_config import ActionConfigMixin
from tests.doubles.stream_actions import ITEM_PATH, SUBMIT, ActionsMixin, error

KEY, SECRET = "stream-key", "stream-secret-of-the-double"
MOST_ITEMS = 100
SORTS = {"id", "created_at", "updated_at"}
EQUAL_ONLY = {
    *("ai_text_severity", "appeal", "appeal_id", "appeal_status", "channel_cid", "channel_id", "date_range"),
    *("escalated", "escalation_priority", "escalation_reason", "flagged_user_id", "flags_count"),
    *("has_audio", "has_image", "has_text", "has_video", "reviewed"),
}
EQUAL_OR_IN = {
    *("category", "label", "queue_type", "recommended_action", "reporter_id", "reporter_type", "user_report_reason"),
    *("language", "teams"),
}
COMPARED = {
    *("archived_at", "bounce_count", "completed_at", "config_key", "created_at", "entity_creator_id"),
    *("entity_creator_name", "entity_id", "entity_type", "escalated_at", "escalated_by", "id"),
    *("latest_moderator_action", "reviewed_at", "severity", "status", "type", "updated_at"),
}
FILTERS = EQUAL_ONLY | EQUAL_OR_IN | COMPARED
"""Every field that the review queue is filtered by; a key that is none of them matches nothing."""
OPERATORS = {"$eq", "$in", "$gt", "$gte", "$lt", "$lte", "$exists"}
QUERY_KEYS = {"filter", "sort", "limit", "next", "prev", "stats_only", "exclude_default_action_config", "user_id"}
LOCKS = {"lock_items", "lock_count", "lock_duration"}


def _now():
    return datetime.now(UTC)


def nanoseconds(instant):
    """Return an instant as Stream's answers have it."""
    return int(instant.timestamp() * 1_000_000) * 1_000


class StreamDouble(ActionsMixin, ActionConfigMixin, HttpDouble):
    """One app. `secrets` are those that are valid; the first is the one that tests use."""

    def __init__(self, *, secrets=(SECRET,), now=_now):
        super().__init__()
        self.key, self.secrets, self.secret = KEY, list(secrets), secrets[0]
        self.now = now
        self.is_suspended = False
        self.encode = nanoseconds
        self.prepare_actions()
        self.prepare_buttons()
        self.keeps_unlisted_hooks = False
        self.damaged = ""
        self.is_deaf_to_ids = False
        self.app = {"name": "Chat", "event_hooks": [], "moderation_dashboard_preferences": {}}
        self.limits = {"QueryReviewQueue": 60, "SubmitAction": 300}
        self.used = {}
        self.items = []
        self.users = set()

    def add_item(self, item_id, **fields):
        """Put an item into the review queue, and return it."""
        made = {
            "id": item_id,
            "created_at": nanoseconds(self.now()),
            "updated_at": nanoseconds(self.now()),
            "entity_type": "stream:chat:v1:message",
            "reviewed": False,
            "escalated": False,
            **fields,
        }
        self.items.append(made)
        return made

    def answer(self, request):
        problem = self._unauthorized(request) or self._limited(request)
        reply = problem or self._routed(request)
        headers = {"Date": format_datetime(self.now(), usegmt=True), **reply.headers}
        return Reply(reply.status, reply.body, headers, reply.content_type)

    def _routed(self, request):
        match request.method, request.path:
            case "GET", "/api/v2/app":
                return Reply(200, {"app": self.app, "duration": "1ms"})
            case "PATCH", "/api/v2/app":
                return self._update_app(request)
            case "GET", "/api/v2/rate_limits":
                return self._rate_limits(request)
            case "GET", "/api/v2/users":
                return self._users(request)
            case "POST", "/api/v2/moderation/review_queue":
                return self._review_queue(request)
        if request.method == "POST" and request.path == SUBMIT:
            return self.submit_action(request)
        if request.method == "GET" and request.path.startswith(ITEM_PATH):
            return self.answer_item(request)
        return self.answer_action_config(request) or _error(404, 16, "not found")

    def _unauthorized(self, request):
        if request.query.get("api_key") != [self.key]:
            return _error(401, 2, "api_key not found")
        if request.headers.get("stream-auth-type") != "jwt":
            return _error(401, 5, "stream-auth-type missing or invalid")
        token = request.headers.get("authorization", "")
        claims = next((found for secret in self.secrets if (found := _claims(token, secret))), None)
        if claims is None:
            return _error(401, 43, f"signature is invalid: {token}")
        if claims.get("exp", float("inf")) < self.now().timestamp():
            return _error(401, 40, "token expired")
        if max(claims.get("nbf", 0), claims.get("iat", 0)) > self.now().timestamp():
            return _error(401, 42, "token used before issue at")
        if "user_id" in claims:
            return _error(403, 17, "not allowed")
        return _error(403, 99, "app suspended") if self.is_suspended else None

    def _limited(self, request):
        """Count calls of the review queue in the present minute, as every endpoint has a window of a minute."""
        if request.path != "/api/v2/moderation/review_queue":
            return None
        minute = self.now().replace(second=0, microsecond=0)
        self.used = {minute: self.used.get(minute, 0) + 1}
        if self.used[minute] <= self.limits["QueryReviewQueue"]:
            return None
        reset = str(int((minute + timedelta(minutes=1)).timestamp()))
        limited = _error(429, 9, "too many requests")
        return Reply(429, limited.body, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset})

    def _rate_limits(self, request):
        asked = (request.query.get("endpoints") or [""])[0].split(",")
        reset = int((self.now() + timedelta(seconds=30)).timestamp())
        limits = {
            name: {"limit": limit, "remaining": limit - self._used(name), "reset": reset}
            for name, limit in self.limits.items()
            if name in asked
        }
        return Reply(200, {"duration": "1ms", "server_side": limits})

    def _update_app(self, request):
        """Write the hooks that are sent; those left out go, unless the app deletes only what is named for it."""
        body = request.json
        assert body.keys() <= {"event_hooks", "explicit_event_hooks_deletion"}, "only hooks are ours to change"
        sent = [hook for hook in body["event_hooks"] if not hook.get("delete")]
        for hook in sent:
            if hook.get("id") == self.damaged:
                hook.pop("timeout_ms")
            hook["updated_at"] = nanoseconds(self.now())
            hook.setdefault("id", f"hook-{len(self.app['event_hooks']) + 1}")
        kept = []
        if self.keeps_unlisted_hooks and body.get("explicit_event_hooks_deletion"):
            ids = {hook["id"] for hook in body["event_hooks"]}
            kept = [hook for hook in self.app["event_hooks"] if hook["id"] not in ids]
        self.app["event_hooks"] = [*kept, *sent]
        return Reply(200, {"duration": "1ms"})

    def _used(self, endpoint):
        return sum(self.used.values()) if endpoint == "QueryReviewQueue" else 0

    def _users(self, request):
        asked = json.loads(request.query["payload"][0])["filter_conditions"]["id"]["$in"]
        return Reply(200, {"users": [{"id": user} for user in self.users if user in asked], "duration": "1ms"})

    def _review_queue(self, request):
        try:
            body = request.json
        except ValueError:
            return _error(400, 4, "malformed body")
        assert not LOCKS & body.keys(), "an item that is locked is hidden from the moderators"
        if not isinstance(body, dict) or body.keys() - QUERY_KEYS:
            return _error(400, 4, "unknown fields")
        wanted, limit = body.get("filter", {}), body.get("limit", 25)
        sort = body.get("sort") or [{"field": "created_at", "direction": -1}]
        if not 0 <= limit <= MOST_ITEMS or any(key["field"] not in SORTS for key in sort):
            return _error(400, 4, "limit or sort is not valid")
        if any(not _is_valid(key, condition) for key, condition in wanted.items()):
            return _error(400, 4, "filter is not valid")
        if self.is_deaf_to_ids and "id" in wanted:
            wanted = {"an unknown key": "matches nothing"}
        found = [item for item in self.items if all(_matches(item.get(key), cond) for key, cond in wanted.items())]
        for key in reversed(sort):
            found.sort(key=lambda item, field=key["field"]: item[field], reverse=key["direction"] == -1)
        start = _start_of(body.get("next", ""), wanted)
        if start is None:
            return _error(400, 4, "next is not of this query")
        shown, rest = found[start : start + limit], len(found) - start - limit
        following = {"next": _cursor(start + limit, wanted)} if rest > 0 else {}
        return Reply(201, {"items": shown, "stats": {}, "action_config": {}, "duration": "1ms", **following})


def _error(status, code, message):
    return Reply(status, error(status, code, message))


def _claims(token, secret):
    """Return what a token says, None when it is not signed with this secret."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    signed = hmac.new(secret.encode(), f"{parts[0]}.{parts[1]}".encode(), hashlib.sha256).digest()
    try:
        header, claims, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in parts)
        is_ours = hmac.compare_digest(signed, signature) and json.loads(header)["alg"] == "HS256"
        return json.loads(claims) if is_ours else None
    except ValueError:
        return None


def _is_valid(key, condition):
    operators = condition.keys() if isinstance(condition, dict) else {"$eq"}
    if key in EQUAL_ONLY:
        return operators == {"$eq"}
    allowed = {"$eq", "$in"} if key in EQUAL_OR_IN else OPERATORS
    return operators <= allowed and len(condition.get("$in", ()) if isinstance(condition, dict) else ()) <= MOST_ITEMS


def _matches(value, condition):
    """Whether a value meets a condition; a key that no item has matches nothing, as at Stream. One of several values
    (labels, teams) is enough.
    """
    if isinstance(value, list):
        return any(_matches(one, condition) for one in value)
    if not isinstance(condition, dict):
        return value == condition
    compared = {
        "$eq": lambda wanted: value == wanted,
        "$in": lambda wanted: value in wanted,
        "$exists": lambda wanted: (value is not None) == wanted,
        "$gt": lambda wanted: value is not None and value > _sortable(wanted),
        "$gte": lambda wanted: value is not None and value >= _sortable(wanted),
        "$lt": lambda wanted: value is not None and value < _sortable(wanted),
        "$lte": lambda wanted: value is not None and value <= _sortable(wanted),
    }
    return all(compared[operator](wanted) for operator, wanted in condition.items())


def _sortable(wanted):
    """Return an instant of a filter (RFC 3339) as the items have it."""
    return nanoseconds(datetime.fromisoformat(wanted)) if isinstance(wanted, str) and wanted[:4].isdigit() else wanted


def _cursor(start, wanted):
    return base64.b64encode(json.dumps([start, wanted], sort_keys=True).encode()).decode()


def _start_of(cursor, wanted):
    if not cursor:
        return 0
    try:
        start, of = json.loads(base64.b64decode(cursor))
    except ValueError:
        return None
    return start if of == wanted else None
