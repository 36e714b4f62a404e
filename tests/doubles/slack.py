"""A double of Slack's Web API over real HTTP: `SlackDouble` in a test, `python -m tests.doubles.slack PORT` beside one.

`GET /_log` shows what it has got; `POST /_inject {"method": ..., "faults": [{...}]}` says what goes wrong next, one
fault a call, in order (see `Fault`); `POST /_trigger` issues a trigger_id. Any POST below `/response/` answers a click.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode

from tests.doubles.slack_rules import filled
from tests.doubles.slack_state import TOKEN, Fault, Refused, SlackState

DRIP_S = 0.05
SCOPES = "chat:write,chat:write.public,im:write,commands,users:read,users:read.email"


def _form(raw):
    return {name: values[0] for name, values in parse_qs(raw.decode(), keep_blank_values=True).items()}


def _json(raw):
    try:
        return json.loads(raw or b"{}")
    except ValueError:
        return {}


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self):
        if self.path == "/_log":
            self._answer(200, json.dumps(self.server.state.log()))
        else:
            self._answer(404, "{}")

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_form = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
        body = _form(raw) if is_form else _json(raw)
        if self.path.startswith("/api/"):
            self._api(self.path.removeprefix("/api/"), body, is_form=is_form)
        elif self.path.startswith("/response/"):
            self._response(body)
        elif self.path == "/_inject":
            self.server.state.inject(body["method"], *(Fault(**fault) for fault in body["faults"]))
            self._answer(200, "{}")
        elif self.path == "/_trigger":
            self._answer(200, json.dumps({"trigger_id": self.server.state.issue_trigger()}))
        else:
            self._answer(404, "{}")

    def _api(self, method, arguments, *, is_form=False):
        state = self.server.state
        fault = state.next_fault(method)
        with state.lock:
            if state.limits and state.limits.is_too_fast(method, arguments.get("channel")):
                fault = Fault(error="ratelimited", status=429, retry_after="1")
            authorization = self.headers.get("Authorization", "")
            state.calls.append({"at": time.time(), "method": method, "arguments": arguments})
            # A method that only asks reads no JSON: what is in it is not there (docs.slack.dev, "users.info").
            heard = arguments if is_form is (method in state.QUESTIONS) else {}
            answer = self._done(state, method, heard, authorization, fault)
        self._send(answer, fault or Fault())

    def _done(self, state, method, arguments, authorization, fault):
        if fault is not None and fault.prevents:
            return {"ok": False, "error": fault.error or "internal_error"}
        if authorization != f"Bearer {state.token}":
            return {"ok": False, "error": "invalid_auth" if authorization else "not_authed"}
        try:
            return {"ok": True, **state.call(method, arguments)}
        except Refused as refused:
            return {"ok": False, "error": str(refused)}

    def _response(self, body):
        fault = self.server.state.next_fault("response_url")
        if fault is not None:
            self._send({"ok": True}, fault)
            return
        with self.server.state.lock:
            is_taken = self.server.state.respond(self.path, body)
        self._answer(200 if is_taken else 404, "ok" if is_taken else "used_url")

    def _send(self, answer, fault):
        self.server.stopping.wait(fault.delay)
        headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
        if fault.location is not None:
            headers["Location"] = fault.location
        if fault.drop:
            self.close_connection = True
            return
        if fault.drip_headers:
            self._drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 60_000)
            return
        body = "<html>Our robots are sleepy</html>" if fault.html else fault.body or json.dumps(answer)
        if fault.oversized:
            body = json.dumps({"ok": True, "filler": "x" * fault.oversized})
        self._answer(fault.status, body, headers, drip=fault.drip)

    def _answer(self, status, body, headers=None, *, drip=False):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-OAuth-Scopes", SCOPES)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if drip:
            self._drip(data)
        else:
            self._write(data)

    def _drip(self, data):
        for at in range(len(data)):
            if self.server.stopping.wait(DRIP_S) or not self._write(data[at : at + 1]):
                return

    def _write(self, data):
        try:
            self.wfile.write(data)
            self.wfile.flush()
        except OSError:
            self.close_connection = True
            return False
        return True

    def log_message(self, format, *args):
        """Stay silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, state):
        super().__init__(("127.0.0.1", port), _Handler)
        self.state = state
        self.stopping = threading.Event()

    def handle_error(self, request, client_address):
        """A client that went away is what some tests are about."""


class SlackDouble(SlackState):
    """The double, in a thread of this process: `with SlackDouble() as slack: SlackWebApi(slack.token, slack.url)`."""

    def __init__(self, port=0, token=TOKEN, channels=None):
        super().__init__(token, channels)
        self._server = _Server(port, self)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"{self.origin}/api/"

    def start(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self):
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def be_in_organization(self, enterprise_id, *, is_org_wide):
        """Stand in an Enterprise organization, with a token of one workspace or of all of them."""
        self.home = {"enterprise_id": enterprise_id, "is_enterprise_install": is_org_wide}
        if is_org_wide:
            self.home["team_id"] = enterprise_id

    def _place(self, team):
        """Return the team and organization of a payload: with an org-wide token `team` is null (bolt-python #23)."""
        enterprise_id, is_org_wide = self.home.get("enterprise_id"), self.home.get("is_enterprise_install", False)
        return {
            "team": None if is_org_wide else {"id": team, "domain": "double"},
            "enterprise": {"id": enterprise_id, "name": "Org"} if enterprise_id else None,
            "is_enterprise_install": is_org_wide,
        }

    def _place_fields(self):
        """Return the same of a command, whose values are texts."""
        enterprise_id = self.home.get("enterprise_id")
        is_org_wide = str(self.home.get("is_enterprise_install", False)).lower()
        fields = {"enterprise_id": enterprise_id, "enterprise_name": "Org"} if enterprise_id else {}
        return {**fields, "is_enterprise_install": is_org_wide}

    def click(self, message, label, user, *, team="T0DOUBLE"):
        """Return the body that Slack would post when this person presses that button, with a fresh trigger."""
        block, button = message.pressed(label)
        trigger = self.issue_trigger()
        payload = {
            "type": "block_actions",
            "user": {"id": user, "username": "somebody", "team_id": team},
            "api_app_id": "A0DOUBLE",
            "container": {"type": "message", "message_ts": message.ts, "channel_id": message.channel},
            "trigger_id": trigger,
            **self._place(team),
            "channel": {"id": message.channel, "name": "somewhere"},
            "response_url": f"{self.origin}/response/{trigger}",
            "actions": [
                {key: button[key] for key in ("action_id", "type", "value", "text")}
                | {"block_id": block["block_id"], "action_ts": message.ts}
            ],
        }
        return urlencode({"payload": json.dumps(payload)}).encode()

    def typed(self, command, user, text="", *, team="T0DOUBLE", channel="C0SOMEWHERE"):
        """Return the body that Slack would post when this person types a command, with a fresh trigger."""
        trigger = self.issue_trigger()
        fields = {
            "token": "(deprecated)",
            "team_id": team,
            "team_domain": "double",
            "channel_id": channel,
            "channel_name": "somewhere",
            "user_id": user,
            "user_name": "somebody",
            "command": command,
            "text": text,
            "api_app_id": "A0DOUBLE",
            **self._place_fields(),
            "response_url": f"{self.origin}/response/{trigger}",
            "trigger_id": trigger,
        }
        return urlencode(fields).encode()

    def searched(self, view, name, typed, user, *, team="T0DOUBLE", view_id="V0DOUBLE"):
        """Return the body that Slack would post when this person types into the search of an input of a window.

        Raises LookupError where there is no such search.
        """
        inputs = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
        if inputs.get(name, {}).get("type") != "external_select":
            raise LookupError(name)
        payload = {
            "type": "block_suggestion",
            "team": {"id": team, "domain": "double"},
            "user": {"id": user, "username": "somebody", "name": "somebody", "team_id": team},
            "container": {"type": "view", "view_id": view_id},
            "api_app_id": "A0DOUBLE",
            "token": "(deprecated)",
            "action_id": inputs[name]["action_id"],
            "block_id": name,
            "value": typed,
            "view": {**view, "id": view_id, "team_id": team, "hash": "1", "state": {"values": {}}},
        }
        return urlencode({"payload": json.dumps(payload)}).encode()

    def submitted(self, view, values, user, *, team="T0DOUBLE", view_id="V0DOUBLE"):
        """Return the body that Slack would post when this person sends a window, its inputs filled as it lets them be.

        Raises LookupError for an input that is not there, and ValueError for what Slack would not let through: an empty
        required input, a choice that is not offered, a text that is too long.
        """
        payload = {
            "type": "view_submission",
            **self._place(team),
            "user": {"id": user, "username": "somebody", "name": "somebody", "team_id": team},
            "api_app_id": "A0DOUBLE",
            "token": "(deprecated)",
            "trigger_id": self.issue_trigger(),
            "view": {**view, "id": view_id, "team_id": team, "hash": "1", "state": {"values": filled(view, values)}},
            "response_urls": [],
        }
        return urlencode({"payload": json.dumps(payload)}).encode()


def main(argv):
    """Serve until interrupted."""
    double = SlackDouble(int(argv[0]) if argv else 0)
    double.start()
    sys.stdout.write(f"SLACK_API_URL={double.url} SLACK_BOT_TOKEN={double.token}\n")
    sys.stdout.flush()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        double.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
