"""The buttons of Stream's dashboard in the double: those it has by default, and stored ones beside or instead."""

from urllib.parse import unquote
from uuid import UUID, uuid4

from tests.doubles.http import Reply
from tests.doubles.stream_actions import error

CONFIG = "/api/v2/moderation/action_config"
FIELDS = {"action", "entity_type", "order", "description", "icon", "id", "queue_type", "user_id", "custom"}
QUERY = {"api_key", "entity_type", "queue_type", "exclude_defaults", "only_defaults", "user_id"}


class ActionConfigMixin:
    """The part of `StreamDouble` with the buttons. With `hides_defaults` a stored button of a type hides its defaults:
    which of the two Stream does is not documented.
    """

    def prepare_buttons(self):
        self.buttons = []
        self.hides_defaults = False
        self.default_actions = ["mark_reviewed", "delete_message", "ban"]

    def answer_action_config(self, request):
        """Return the reply to a request about buttons, None for any other request."""
        if request.path == CONFIG and request.method == "GET":
            return self._list_buttons(request)
        if request.path == CONFIG and request.method == "POST":
            return self._put_button(request.json)
        if request.path.startswith(f"{CONFIG}/") and request.method == "DELETE":
            return self._delete_button(unquote(request.path.removeprefix(f"{CONFIG}/")))
        return None

    def _list_buttons(self, request):
        if request.query.keys() - QUERY:
            return Reply(400, error(400, 4, "unknown parameters"))
        [entity_type] = request.query["entity_type"]
        stored = [button for button in self.buttons if button["entity_type"] == entity_type]
        defaults = [
            {"action": name, "entity_type": entity_type, "description": name, "icon": "", "order": order}
            for order, name in enumerate(self.default_actions)
            if not (stored and self.hides_defaults)
        ]
        listed = sorted([*defaults, *stored], key=lambda button: button["order"])
        return Reply(200, {"action_config": {entity_type: listed}, "duration": "1ms"})

    def _put_button(self, body):
        if body.keys() - FIELDS or None in body.values() or {"action", "entity_type", "order"} - body.keys():
            return Reply(400, error(400, 4, "fields"))
        if not 0 <= body["order"] <= 100 or max(len(body["action"]), len(body["entity_type"])) > 255:
            return Reply(400, error(400, 4, "order or length"))
        if "id" not in body:
            self.buttons.append({**body, "id": str(uuid4())})
            return Reply(201, {"action_config": self.buttons[-1], "duration": "1ms"})
        UUID(body["id"])
        known = next((button for button in self.buttons if button["id"] == body["id"]), None)
        if known is None:
            return Reply(404, error(404, 16, "no such action config"))
        known |= body
        return Reply(201, {"action_config": known, "duration": "1ms"})

    def _delete_button(self, button_id):
        kept = [button for button in self.buttons if button["id"] != button_id]
        if len(kept) == len(self.buttons):
            return Reply(404, error(404, 16, "no such action config"))
        self.buttons = kept
        return Reply(200, {"duration": "1ms"})
