"""What people do in Slack besides pressing buttons: they fill in windows, and type commands."""

import json

from werkzeug.test import TestResponse

from escalator.channels.slack.signature import sign_callback
from tests.scenarios.harness import SLACK_SECRET, Harness
from tests.scenarios.witness import Window

FORM = "application/x-www-form-urlencoded"


def fill(h: Harness, window: Window, *, by: str | None = None, is_working: bool = True, **values: str) -> TestResponse:
    """Let somebody send a window with these values in its inputs."""
    body = h.slack.submitted(window.view, values, f"U0{(by or window.person).upper()}")
    return h.interact(body, is_working=is_working)


def typed(h: Harness, person: str, command: str, *, secret: str = SLACK_SECRET, **odd: str) -> TestResponse:
    """Let somebody type a command; `odd` is another Slack id or team."""
    name, _, text = command.partition(" ")
    body = h.slack.typed(name, odd.get("user", f"U0{person.upper()}"), text, team=odd.get("team", "T0DOUBLE"))
    headers = sign_callback(body, secret, h.clock.now())
    answer = h.app.test_client().post("/slack/commands", data=body, headers=headers, content_type=FORM)
    h.work()
    return answer


def answer_to(response: TestResponse) -> str:
    """Return what only they see who typed a command."""
    assert response.status_code == 200
    said = json.loads(response.data)
    assert set(said) == {"response_type", "text"}
    assert said["response_type"] == "ephemeral"
    return str(said["text"])


def problems_of(response: TestResponse) -> dict[str, str]:
    """Return what a window says is wrong with what was sent, by input."""
    said = json.loads(response.data)
    assert said["response_action"] == "errors"
    return dict(said["errors"])
