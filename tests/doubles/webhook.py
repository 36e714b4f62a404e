"""A receiver of outgoing webhooks over real HTTP, which verifies signature, schema and size as a good one does.

The signature is judged by the reference implementation (`standardwebhooks`), the body by docs/feeds.schema.json.
What is refused is kept in `refused`, with the reason in words; what is taken, in `received`, each id once: a
repetition is answered like the first and makes nothing new, as the specification asks of receivers.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
from standardwebhooks import Webhook

from tests.doubles.http import HttpDouble, Reply

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "feeds.schema.json").read_text())
TOLERANCE = timedelta(minutes=5)
MAX_BODY_BYTES = 20_000

_VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


@dataclass(frozen=True)
class Received:
    """One message that was taken. `attempts` are the bodies with that id, the first among them."""

    id: str
    type: str
    timestamp: str
    data: dict
    attempts: list


class WebhookDouble(HttpDouble):
    """The receiver: `with WebhookDouble() as feed: ... feed.url, feed.secret`.

    `secret` None expects no signature; `now` is its clock, where a test moves time.
    """

    def __init__(self, port=0, secret=SECRET, now=None, tls=None):
        super().__init__(port, tls)
        self.secret = secret
        self.url = f"{self.origin}/hooks/moderation-7f3a"
        self.received: list[Received] = []
        self.refused: list[str] = []
        self.is_gone = False
        self._now = now or (lambda: datetime.now(UTC))

    @property
    def types(self):
        """Return the types of what was taken, in order."""
        return [one.type for one in self.received]

    def answer(self, request):
        if self.is_gone:
            return Reply(410, "gone", content_type="text/plain")
        problem = self._problem(request)
        if problem is not None:
            self.refused.append(problem[1])
            return Reply(problem[0], {"error": "refused"})
        self._take(request)
        return Reply(204)

    def _problem(self, request):
        if request.method != "POST" or request.headers.get("content-type") != "application/json":
            return 415, "no JSON was posted"
        if len(request.body) > MAX_BODY_BYTES:
            return 413, f"{len(request.body)} bytes"
        if not request.headers.get("webhook-id") or "." in request.headers["webhook-id"]:
            return 400, "no id, or a dot in it"
        if self.secret is not None and (unsigned := self._unsigned(request)) is not None:
            return 401, unsigned
        return self._malformed(request)

    def _unsigned(self, request):
        """Return why the signature is not ours, by the clock of this double."""
        headers = request.headers
        try:
            at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
            signature = Webhook(self.secret).sign(headers["webhook-id"], at, request.body.decode())
        except (KeyError, ValueError) as error:
            return f"cannot be verified: {error!r}"
        if signature not in headers.get("webhook-signature", "").split(" "):
            return "no signature that is known here"
        return None if abs(self._now() - at) <= TOLERANCE else f"signed at {at}"

    @staticmethod
    def _malformed(request):
        try:
            problems = [f"{error.json_path}: {error.message}" for error in _VALIDATOR.iter_errors(request.json)]
        except ValueError:
            problems = ["no JSON"]
        return (422, "; ".join(problems)) if problems else None

    def _take(self, request):
        message_id, said = request.headers["webhook-id"], request.json
        known = next((one for one in self.received if one.id == message_id), None)
        if known is None:
            self.received.append(Received(message_id, said["type"], said["timestamp"], said["data"], [request.body]))
        else:
            known.attempts.append(request.body)
