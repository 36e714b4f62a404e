"""A double of Amazon SQS over real HTTP, in its JSON protocol, which refuses what SQS refuses.

    with SqsDouble() as sqs:
        queue = SqsQueue(sqs.queue_url, sqs.environment)

`held` names calls that are not answered until the double stops, as of a client that is killed meanwhile. It has one
queue. A message that was handed out is hidden until its visibility timeout is over by `now`, its clock, and
comes again with another handle. Long polls end as soon as a message is there.
"""

import base64
import hashlib
import re
import time
from datetime import UTC, datetime, timedelta
from threading import Condition
from uuid import uuid4

from tests.doubles.http import Fault, HttpDouble, Reply

KEY, SECRET, REGION, ACCOUNT = "AKIADOUBLE", "secret-of-the-double", "eu-west-1", "123456789012"
_SCOPE = re.compile(r"AWS4-HMAC-SHA256 Credential=(\w+)/\d{8}/([a-z0-9-]+)/sqs/aws4_request, SignedHeaders=.+")
_LONGEST_WAIT_S, _MOST, _MOST_BYTES = 20, 10, 1024 * 1024


def _now():
    return datetime.now(UTC)


class SqsDouble(HttpDouble):
    """One queue called `moderation`. `messages` are those that were not deleted."""

    def __init__(self, *, now=_now, name="moderation"):
        super().__init__()
        self.now = now
        self.path = f"/{ACCOUNT}/{name}"
        self.queue_url = f"{self.origin}{self.path}"
        self.environment = {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL_SQS": self.origin,
        }
        self.messages = []
        self.attributes = {"RedrivePolicy": "{}", "MessageRetentionPeriod": str(14 * 86400)}
        self.waits_at_most_s = _LONGEST_WAIT_S
        self.held = set()
        self._news = Condition(self.lock)

    def send(self, body, *, sent_at=None):
        """Let Stream put a message into the queue; return it."""
        assert len(body.encode()) <= _MOST_BYTES, "SQS takes no larger message"
        at = sent_at or self.now()
        message = {"MessageId": str(uuid4()), "Body": body, "sent_at": at, "visible_at": at, "handle": "", "times": 0}
        with self._news:
            self.messages.append(message)
            self._news.notify_all()
        return message

    def show_all(self):
        """Let the visibility timeout of every message be over."""
        with self._news:
            for message in self.messages:
                message["visible_at"] = message["sent_at"]
            self._news.notify_all()

    def asked(self, call):
        """Return how often this call was made."""
        with self.lock:
            return sum(request.headers["x-amz-target"] == f"AmazonSQS.{call}" for request in self.requests)

    def take(self, request):
        call = request.headers.get("x-amz-target", "").rpartition(".")[2]
        if call in self.held:
            with self.lock:
                self.requests.append(request)
            self._server.stopping.wait()
            return Reply(503, {}), Fault()
        if call == "ReceiveMessage":
            self._wait(request.json.get("WaitTimeSeconds", 0))
        return super().take(request)

    def _wait(self, seconds):
        ends = time.monotonic() + min(seconds, self.waits_at_most_s)
        with self._news:
            while not self._visible() and time.monotonic() < ends and not self._server.stopping.is_set():
                self._news.wait(0.05)

    def _visible(self):
        return [message for message in self.messages if message["visible_at"] <= self.now()]

    def answer(self, request):
        scope = _SCOPE.fullmatch(request.headers.get("authorization", ""))
        if scope is None:
            return _error(403, "MissingAuthenticationToken")
        if scope[1] != KEY:
            return _error(403, "InvalidClientTokenId")
        if scope[2] != REGION:
            return _error(403, "SignatureDoesNotMatch")
        asked = request.json
        if asked.get("QueueUrl") != self.queue_url:
            return _error(400, "QueueDoesNotExist")
        match request.headers["x-amz-target"]:
            case "AmazonSQS.ReceiveMessage":
                return self._receive(asked)
            case "AmazonSQS.DeleteMessageBatch":
                return self._delete(asked)
            case "AmazonSQS.GetQueueAttributes":
                return self._attributes(asked)
            case other:
                raise AssertionError(f"nothing asks for {other}")

    def _receive(self, asked):
        most, wait_s = asked.get("MaxNumberOfMessages", 1), asked.get("WaitTimeSeconds", 0)
        if not 1 <= most <= _MOST or not 0 <= wait_s <= _LONGEST_WAIT_S:
            return _error(400, "InvalidParameterValue")
        handed_out = self._visible()[:most]
        for message in handed_out:
            message["visible_at"] = self.now() + timedelta(seconds=asked.get("VisibilityTimeout", 30))
            message["handle"] = base64.b64encode(uuid4().bytes).decode()
            message["times"] += 1
        return Reply(200, {"Messages": [_shown(one, asked) for one in handed_out]} if handed_out else {})

    def _delete(self, asked):
        entries = asked["Entries"]
        if not entries:
            return _error(400, "EmptyBatchRequest")
        if len(entries) > _MOST:
            return _error(400, "TooManyEntriesInBatchRequest")
        if len({one["Id"] for one in entries}) != len(entries):
            return _error(400, "BatchEntryIdsNotDistinct")
        known = {message["handle"] for message in self.messages if message["handle"]}
        wrong = [one["Id"] for one in entries if one["ReceiptHandle"] not in known]
        gone = {one["ReceiptHandle"] for one in entries}
        self.messages = [message for message in self.messages if message["handle"] not in gone]
        failed = [{"Id": one, "Code": "ReceiptHandleIsInvalid", "SenderFault": True} for one in wrong]
        deleted = [{"Id": one["Id"]} for one in entries if one["Id"] not in wrong]
        return Reply(200, {"Successful": deleted, "Failed": failed})

    def _attributes(self, asked):
        known = {"ApproximateNumberOfMessages": str(len(self._visible())), **self.attributes}
        return Reply(200, {"Attributes": {name: known[name] for name in asked["AttributeNames"] if name in known}})


def _shown(message, asked):
    shown = {
        "MessageId": message["MessageId"],
        "ReceiptHandle": message["handle"],
        "MD5OfBody": hashlib.md5(message["Body"].encode(), usedforsecurity=False).hexdigest(),
        "Body": message["Body"],
    }
    if "SentTimestamp" in asked.get("MessageSystemAttributeNames", ()):
        shown["Attributes"] = {"SentTimestamp": str(int(message["sent_at"].timestamp() * 1000))}
    return shown


def _error(status, code):
    return Reply(status, {"__type": f"com.amazonaws.sqs#{code}", "message": "refused by the double"})
