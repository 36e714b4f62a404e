"""The answer to a Slack command: a text that only the sender sees, or a window."""

from dataclasses import dataclass

from escalator.channels.slack.blocks import Json
from escalator.channels.slack.oncall import oncall_text
from escalator.channels.slack.slash_commands import ESCALATE, ONCALL, SILENCE, Command, help_text
from escalator.model.levels import Mode
from escalator.model.message import MessageContext
from escalator.model.policy import Person
from escalator.services.auth.slack_users import slack_sender
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.intake.manual_incident import escalate_dialog
from escalator.services.responses.silence_command import silence_answer


@dataclass(frozen=True, slots=True)
class CommandReply:
    """The answer: a text, a window or both. `context` is the window's reader."""

    context: MessageContext
    mode: Mode
    text: str = ""
    view: Json | None = None


def answer_command(core: Core, typed: Command, *, is_sandbox: bool) -> CommandReply:
    """Return the answer to a command. `is_sandbox` when the sandbox's own secret signed it. Raises Unavailable."""
    mode = Mode.SANDBOX if is_sandbox else Mode.PRODUCTION
    with core.database.reading() as connection:
        running = core.policies.required(connection)
        person = slack_sender(core, connection, running.policy, typed, is_sandbox=is_sandbox)
    if isinstance(person, str):
        return CommandReply(MessageContext(None, None, typed.channel_id), mode, person)
    context = MessageContext(None, None, typed.channel_id, person.key)
    answer = _answer(core, typed, person, running, is_sandbox=is_sandbox)
    return CommandReply(context, mode, answer) if isinstance(answer, str) else CommandReply(context, mode, view=answer)


def _answer(core: Core, typed: Command, person: Person, running: RunningPolicy, *, is_sandbox: bool) -> str | Json:
    if typed.command == ONCALL:
        return oncall_text(running.roster(core.clock.now()), person, typed.text, core.expand)
    if typed.command == ESCALATE:
        return escalate_dialog(core, person, running.policy, is_sandbox=is_sandbox)
    if typed.command == SILENCE:
        return silence_answer(core, typed.text, person, running, is_sandbox=is_sandbox)
    return help_text()
