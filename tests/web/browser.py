"""The sandbox page's own requests, without a page."""

from escalator.services.delivery.sender import send_all_due
from escalator.services.responses.callbacks import process_callbacks
from web.app import create_app

MARKED = {"X-Sandbox": "1"}


class Browser:
    """Does what web/static/api.js does."""

    def __init__(self, core):
        self.core = core
        self.http = create_app(core).test_client()

    def picture(self):
        return self.http.get("/sandbox.json").get_json()

    def items(self, channel):
        return [one for one in self.picture()["messages"] if one["channel"] == channel]

    def status(self, address):
        with self.http.get(address) as answer:
            return answer.status_code

    def post(self, command, said, **headers):
        return self.http.post(f"/sandbox/{command}", json=said, headers={**MARKED, **headers})

    def interact(self, said, what="click"):
        """As `interact` of api.js: signed by the sandbox, sent to the vendor's own door; then the workers work."""
        signed = self.post(what, said).get_json()
        headers = {"Content-Type": "application/x-www-form-urlencoded", **signed["headers"]}
        answer = self.http.post(signed["door"], data=signed["body"], headers=headers)
        process_callbacks(self.core)
        send_all_due(self.core)
        return answer

    def press(self, person, label, message=None):
        message = message or self.picture()["messages"][0]
        button = next(one for one in message["buttons"] if one["label"] == label)
        action = {"action_id": button["action_id"], "value": button["value"]}
        return self.interact({"person": person, "message": message["id"], **action})

    def act(self, person, label, item):
        button = next(one for one in item["buttons"] if one["label"] == label)
        return self.interact({"person": person, "message": item["id"], "act": button["action_id"]}, "act")
