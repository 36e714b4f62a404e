"""Slash commands: Slack's verified request, and the answer."""

from dataclasses import dataclass
from urllib.parse import parse_qs

from escalator.channels.slack.blocks import Json
from escalator.channels.slack.interactions import Ignored
from escalator.errors import InvalidEvent

ONCALL = "/oncall"
ESCALATE = "/escalate"
SILENCE = "/silence"
COMMANDS = {
    ONCALL: "who is on call now and next, for all teams or for one: `/oncall child-safety`",
    ESCALATE: "open an incident by hand",
    SILENCE: "silence a category or a route for a while; `/silence list` lists silences, `/silence end ID` ends one",
}


@dataclass(frozen=True, slots=True)
class Command:
    """Somebody typed a command. `text` is the text after it."""

    user_id: str
    team_id: str
    command: str
    text: str
    channel_id: str
    trigger_id: str
    enterprise_id: str = ""


def parse_command(body: bytes) -> Command | Ignored:
    """Return the command of a verified request; raises InvalidEvent when it is not of Slack's form."""
    form = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    fields = {name: values[0] for name, values in form.items()}
    if "ssl_check" in fields:
        return Ignored("ssl_check")
    missing = {name: ["Missing data for required field."] for name in ("command", "user_id") if not fields.get(name)}
    if missing:
        raise InvalidEvent(missing)
    return Command(
        user_id=fields["user_id"],
        team_id=fields.get("team_id", ""),
        command=fields["command"].strip().lower(),
        text=fields.get("text", "").strip(),
        channel_id=fields.get("channel_id", ""),
        trigger_id=fields.get("trigger_id", ""),
        enterprise_id=fields.get("enterprise_id", ""),
    )


def ephemeral(text: str) -> Json:
    """Return an answer that only the sender sees; `text` is mrkdwn."""
    return {"response_type": "ephemeral", "text": text}


def help_text() -> str:
    """Return the list of commands."""
    return "\n".join(["These are the commands:", *(f"`{name}`: {what}" for name, what in COMMANDS.items())])
