"""What the double of Slack knows and keeps: channels, messages, windows, triggers, and the faults to come."""

import itertools
import threading
import time
from collections import defaultdict, deque
from dataclasses import asdict, dataclass, field

from tests.doubles.slack_rules import (
    MAX_POST_TEXT,
    MAX_UPDATE_TEXT,
    block_problems,
    is_too_long,
    length,
    text_problems,
    view_problems,
)

TOKEN = "xoxb-double"
TRIGGER_LIFETIME_S = 3.0
RESPONSE_URL_USES = 5


@dataclass
class Fault:
    """What goes wrong with one call. Without `error` and `status` the call is done, then answered badly.

    `drip` sends the body byte by byte, `drip_headers` the head; `drop` closes the connection after the call is done;
    `body` replaces the answer as it stands; `oversized` answers with so many bytes.
    """

    error: str | None = None
    status: int = 200
    retry_after: str | None = None
    html: bool = False
    body: str | None = None
    oversized: int = 0
    drip: bool = False
    drip_headers: bool = False
    drop: bool = False
    delay: float = 0.0
    location: str | None = None

    @property
    def prevents(self):
        return self.error is not None or self.status != 200


@dataclass
class Message:
    channel: str
    ts: str
    at: float
    text: str
    blocks: list
    thread_ts: str | None = None
    reply_broadcast: bool = False
    user: str | None = None
    updates: list = field(default_factory=list)
    first_text: str = ""

    def __post_init__(self):
        self.first_text = self.text

    def button(self, label):
        """Return the button with this label as it stands now."""
        return self.pressed(label)[1]

    def pressed(self, label):
        """Return the same, behind the block in which it stands."""
        for block in self.blocks:
            for element in block.get("elements", []) if block["type"] == "actions" else []:
                if element["text"]["text"] == label:
                    return block, element
        raise LookupError(label)

    @property
    def labels(self):
        """Return the labels of the buttons as they stand now."""
        found = [block.get("elements", []) for block in self.blocks if block["type"] == "actions"]
        return [element["text"]["text"] for elements in found for element in elements]


class Refused(Exception):
    """Slack's `error` word."""


class SlackState:
    """A workspace. `channels` None means that every channel and user exists; `users.info` knows who has joined.

    `limits` say how fast it takes messages; without any it takes them as they come.
    """

    QUESTIONS = frozenset({"users.info"})

    def __init__(self, token=TOKEN, channels=None):
        self.token = token
        self.channels = channels
        self.limits = None
        self.users = {}
        self.home = {}
        self.messages = []
        self.ephemerals = []
        self.views = []
        self.calls = []
        self.responses = []
        self._faults = defaultdict(deque)
        self._triggers = {}
        self._response_uses = defaultdict(int)
        self._numbers = itertools.count(1)
        self.lock = threading.RLock()

    def inject(self, method, *faults):
        with self.lock:
            self._faults[method].extend(faults)

    def next_fault(self, method):
        with self.lock:
            return self._faults[method].popleft() if self._faults[method] else None

    def issue_trigger(self):
        with self.lock:
            trigger = f"1.2.trigger{next(self._numbers)}"
            self._triggers[trigger] = time.monotonic()
            return trigger

    def call(self, method, arguments):
        """Return the answer to a call; raises Refused."""
        handlers = {
            "auth.test": self._auth_test,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.postEphemeral": self._ephemeral,
            "views.open": self._open,
            "users.info": self._user,
        }
        if method not in handlers:
            raise Refused("unknown_method")
        return handlers[method](arguments)

    def _auth_test(self, _arguments):
        return {"team": "Double", "team_id": "T0DOUBLE", "user_id": "U0BOT", "bot_id": "B0BOT"} | self.home

    def join(self, user_id, email, **more):
        """Let somebody be a member of the workspace (docs.slack.dev, "User object")."""
        flags = dict.fromkeys(("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger"), False)
        user = {"id": user_id, "team_id": "T0DOUBLE", "name": "somebody", **flags, "is_email_confirmed": True}
        self.users[user_id] = {**user, "is_app_user": False, "profile": {"email": email}, **more}

    def _user(self, arguments):
        if not arguments.get("user"):
            raise Refused("user_not_found")
        found = self.users.get(arguments["user"])
        if found is None:
            raise Refused("user_not_found")
        return {"user": found}

    def channel_id(self, name):
        if not isinstance(name, str) or not name or (self.channels is not None and name not in self.channels):
            raise Refused("channel_not_found")
        if name.startswith("U"):
            return "D" + name[1:]
        return "C" + name[1:].upper().replace("-", "") if name.startswith("#") else name

    def message(self, channel, ts):
        return next((kept for kept in self.messages if (kept.channel, kept.ts) == (channel, ts)), None)

    def _checked(self, arguments):
        if not arguments.get("text"):
            raise Refused("no_text")
        if length(arguments["text"]) > MAX_POST_TEXT:
            raise Refused("msg_too_long")
        if text_problems(arguments["text"], MAX_POST_TEXT):
            raise Refused("no_text")
        if block_problems(arguments.get("blocks", [])):
            raise Refused("invalid_blocks")
        if is_too_long(arguments.get("blocks", [])):
            raise Refused("msg_blocks_too_long")

    def _post(self, arguments):
        channel = self.channel_id(arguments.get("channel"))
        self._checked(arguments)
        thread_ts = arguments.get("thread_ts")
        if thread_ts is not None and self.message(channel, thread_ts) is None:
            raise Refused("thread_not_found")
        at = time.time()
        ts = f"{int(at)}.{next(self._numbers):06d}"
        broadcast = bool(arguments.get("reply_broadcast"))
        blocks = arguments.get("blocks", [])
        self.messages.append(Message(channel, ts, at, arguments["text"], blocks, thread_ts, broadcast))
        return {"channel": channel, "ts": ts, "message": {"text": arguments["text"]}}

    def _update(self, arguments):
        kept = self.message(arguments.get("channel"), arguments.get("ts"))
        if kept is None:
            raise Refused("message_not_found")
        self._checked(arguments)
        if length(arguments["text"]) > MAX_UPDATE_TEXT:
            raise Refused("msg_too_long")
        kept.text = arguments["text"]
        kept.blocks = arguments.get("blocks", kept.blocks)
        kept.updates.append({"at": time.time(), "text": kept.text, "blocks": kept.blocks})
        return {"channel": kept.channel, "ts": kept.ts, "text": kept.text}

    def _ephemeral(self, arguments):
        channel = self.channel_id(arguments.get("channel"))
        self._checked(arguments)
        if not arguments.get("user"):
            raise Refused("user_not_in_channel")
        ts = f"{int(time.time())}.{next(self._numbers):06d}"
        blocks = arguments.get("blocks", [])
        self.ephemerals.append(Message(channel, ts, time.time(), arguments["text"], blocks, user=arguments["user"]))
        return {"message_ts": ts}

    def _open(self, arguments):
        issued = self._triggers.pop(arguments.get("trigger_id"), None)
        if issued is None:
            raise Refused("invalid_trigger_id")
        if time.monotonic() - issued > TRIGGER_LIFETIME_S:
            raise Refused("expired_trigger_id")
        if view_problems(arguments.get("view", {})):
            raise Refused("invalid_arguments")
        self.views.append(arguments["view"])
        return {"view": {"id": f"V{next(self._numbers)}"}}

    def respond(self, path, body):
        """Take an answer at a response_url; False when it has been used up."""
        self._response_uses[path] += 1
        if self._response_uses[path] > RESPONSE_URL_USES:
            return False
        self.responses.append({"path": path, "body": body})
        return True

    def log(self):
        """Return everything, ready for JSON."""
        with self.lock:
            return {
                "messages": [asdict(message) for message in self.messages],
                "ephemerals": [asdict(message) for message in self.ephemerals],
                "views": list(self.views),
                "responses": list(self.responses),
                "calls": list(self.calls),
            }
