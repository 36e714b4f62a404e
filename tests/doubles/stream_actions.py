"""What Stream's double does with an action on an item: refuses what Stream refuses, changes the item, sends webhooks.

Let it misbehave with `inject`: a call reads the item first, so the fault of the action is the second one.
"""

import json
from urllib.parse import unquote
from uuid import uuid4

from tests.doubles.http import Reply

ITEM_PATH = "/api/v2/moderation/review_queue/"
SUBMIT = "/api/v2/moderation/submit_action"
OBJECTS = {
    "mark_reviewed": {"disable_marking_content_as_reviewed", "content_to_mark_as_reviewed_limit", "decision_reason"},
    "delete_message": {"hard_delete", "reason", "entity_id", "entity_type"},
    "ban": {
        "timeout",
        "reason",
        "shadow",
        "ip_ban",
        "channel_ban_only",
        "channel_cid",
        "delete_messages",
        "target_user_id",
        "ban_from_future_channels",
    },
    "shadow_block": {"reason"},
    "block": {"reason"},
    "restore": {"decision_reason"},
    "escalate": {"reason", "notes", "priority"},
    "custom": {"id", "options"},
}
REVIEWS = {"mark_reviewed", "delete_message", "ban", "restore", "block", "shadow_block"}


class ActionsMixin:
    """The part of `StreamDouble` that acts. `webhooks` are the events it would send, the oldest first.

    `on_act` is called after the effect and before the answer.
    """

    def prepare_actions(self):
        self.webhooks = []
        self.acted = []
        self.on_act = lambda: None
        self.reporter_type = "moderator"
        self.has_audit_log = True
        self.sets_reviewed = True

    def item_of(self, item_id):
        return next((item for item in self.items if item["id"] == item_id), None)

    def answer_item(self, request):
        item = self.item_of(unquote(request.path.removeprefix(ITEM_PATH)))
        return (
            Reply(404, error(404, 16, "not found")) if item is None else Reply(200, {"item": item, "duration": "1ms"})
        )

    def submit_action(self, request):
        body = request.json
        problem = self._problem(body)
        if problem:
            return Reply(problem[0], error(problem[0], *problem[1:]))
        self._act(body)
        self.on_act()
        return Reply(201, {"item": self.item_of(body["item_id"]), "duration": "1ms"})

    def _problem(self, body):
        name = body.get("action_type")
        if name not in OBJECTS or body.keys() - {"action_type", "item_id", "user_id", name}:
            return 400, 4, "unknown fields"
        if not isinstance(body.get(name), dict) or body[name].keys() - OBJECTS[name]:
            return 400, 4, f"fields of {name}"
        if None in (*body.values(), *body[name].values()):
            return 400, 4, "null"
        if not body.get("user_id"):
            return 400, 4, "user_id"
        if name == "ban" and not isinstance(body[name].get("timeout", 1), int):
            return 400, 4, "timeout is in minutes"
        if self.item_of(body.get("item_id")) is None:
            return 404, 16, "no such item"
        return None

    def _act(self, body):
        """Change the item, append to its log, and send the webhook."""
        name, user, item = body["action_type"], body["user_id"], self.item_of(body["item_id"])
        at = self.encode(self.now())
        action = {
            "id": str(uuid4()),
            "type": name,
            "user_id": user,
            "reporter_type": self.reporter_type,
            "created_at": at,
            **({"custom": body[name]} if name == "custom" else {}),
        }
        self.acted.append(body)
        if self.has_audit_log:
            item["actions"] = [*item.get("actions", []), action]
        item |= {"updated_at": at, "latest_moderator_action": name}
        if name == "escalate":
            item |= {"escalated": True, "escalated_at": at, "escalated_by": user, "escalation_metadata": body[name]}
        if name in REVIEWS and self.sets_reviewed:
            item |= {"reviewed_at": at, "reviewed_by": user, "reviewed": True}
        self._send("review_queue_item.updated", review_queue_item=json.loads(json.dumps(item)), action=action)
        if name == "ban":
            target = {"id": body[name].get("target_user_id", item.get("entity_creator_id", ""))}
            self._send("user.banned", user=target, created_by={"id": user}, review_queue_item_id=item["id"])
        if name == "mark_reviewed":
            self._send("moderation.mark_reviewed", item=json.loads(json.dumps(item)))
        if name == "custom":
            self._send("moderation.custom_action", review_queue_item=item, action_id=body[name]["id"])

    def _send(self, type_, **fields):
        self.webhooks.append(json.dumps({"type": type_, "created_at": self.encode(self.now()), **fields}).encode())


def error(status, code, message):
    return {"code": code, "message": message, "StatusCode": status, "duration": "0ms", "details": []}
