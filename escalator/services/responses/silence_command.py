"""`/silence` in Slack: its window, its list, and ending a silence."""

from datetime import timedelta

from escalator.channels.slack.blocks import Json
from escalator.channels.slack.modals import Choice
from escalator.channels.slack.silence_modal import silence_view
from escalator.channels.slack.submissions import Silencing
from escalator.channels.slack.text import date, escape, fitting
from escalator.engine.silences import may_silence
from escalator.model.levels import Mode
from escalator.model.policy import Person, Policy
from escalator.model.silence import SilenceScope
from escalator.rendering.push_text import words
from escalator.rendering.replies import ROLE_REFUSED
from escalator.rendering.silences import subject
from escalator.rendering.view import display_name
from escalator.services.auth.slack_users import slack_sender
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.incidents.actions import SANDBOX, SLACK
from escalator.services.silences.manage import (
    MAX_REASON,
    SilenceProblem,
    SilenceRefused,
    SilenceRequest,
    SilenceRow,
    create_silence,
    end_silence,
    list_silences,
    silenceable_subjects,
)

_OUTSIDE = "Nothing changed: a silence from the sandbox would also apply outside of it."
_HELP = "`/silence` silences a category or route, `/silence list` lists silences, `/silence end ID` ends one."
_NOTHING = "No silences."
_MORE = "… `escalator silence` lists all of them"


def silence_answer(core: Core, text: str, person: Person, running: RunningPolicy, *, is_sandbox: bool) -> str | Json:
    """Return the answer to `/silence` with this text: a window, or mrkdwn. Raises Unavailable."""
    verb, _, argument = text.partition(" ")
    if verb == "list":
        return _list(core, person, running)
    if is_sandbox and core.settings.mode is not Mode.SANDBOX:
        return _OUTSIDE
    if verb == "end":
        result = end_silence(core, argument, person.key, SANDBOX if is_sandbox else SLACK)
        return (
            _unchanged(result)
            if isinstance(result, SilenceRefused)
            else f"Ended: {escape(subject(result, running.policy))}"
        )
    if verb:
        return _HELP
    offered = silence_choices(person, running.policy)
    return silence_view(offered, MAX_REASON) if offered else ROLE_REFUSED


def silence_choices(person: Person, policy: Policy) -> list[Choice]:
    """Return what this person may silence, which may be more than a menu holds."""
    return [_choice(of, name, policy) for of, name in silenceable_subjects(person, policy)]


def _choice(of: SilenceScope, name: str, policy: Policy) -> Choice:
    label = policy.categories[name].title if of is SilenceScope.CATEGORY else f"Route: {name}"
    return (f"{of.value}:{name}", label)


def _unchanged(refusal: SilenceRefused) -> str:
    return f"Nothing changed: {escape(refusal.message)}."


def _list(core: Core, person: Person, running: RunningPolicy) -> str:
    with core.database.reading() as connection:
        rows = list_silences(core, connection, running, person)
    return fitting((_line(row, person, running.policy) for row in rows), _MORE) or _NOTHING


def _line(row: SilenceRow, person: Person, policy: Policy) -> str:
    silence = row.silence
    critical = ", critical too" if silence.is_for_critical else ""
    begins = "" if row.is_in_force else f" from {date(silence.starts_at)}"
    span = f"{begins} until {date(silence.ends_at)}"
    author_words = f"by {escape(display_name(silence.author, policy))}"
    may_end = row.handle and may_silence(person, silence.of, silence.name, policy)
    how = f" · `/silence end {row.handle}`" if may_end else "" if row.handle else " · from the policy file"
    return f"*{escape(subject(silence, policy))}*{critical}{span} {author_words}: {escape(silence.reason)}{how}"


def silence_from_dialog(core: Core, request: Silencing, *, is_sandbox: bool) -> str | SilenceRefused:
    """Return the answer to a submitted window: what is silenced, or what was wrong. Raises Unavailable."""
    with core.database.reading() as connection:
        running = core.policies.required(connection)
        person = slack_sender(core, connection, running.policy, request, is_sandbox=is_sandbox)
    if isinstance(person, str):
        return person
    if is_sandbox and core.settings.mode is not Mode.SANDBOX:
        return _OUTSIDE
    lasts = timedelta(minutes=request.minutes)
    via = SANDBOX if is_sandbox else SLACK
    result = create_silence(
        core, SilenceRequest(request.named, lasts, request.reason, person.key, via, request.is_for_critical)
    )
    if isinstance(result, SilenceRefused):
        return ROLE_REFUSED if result.problem is SilenceProblem.ROLE else result
    return f"{subject(result, running.policy)} is silenced for {words(lasts)}. To end it, use `/silence list`."
