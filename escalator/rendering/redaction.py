"""What may be shown of the content, by the content rule (RULES 5). Only this module of the package reads content.

- `show`: name, id, counters and the snippet.
- `hide`: id and counters, and Stream's labels, which are words for kinds of harm; of the text its length and language.
- `withhold`: nothing that Stream sent about the item or its author, not even its kind or language. An entity id may be
  a user's id, or hold one (Stream's chat clients name a message `USER-UUID`), so of all ids only that of the review
  queue item, which Stream itself has drawn, may stand in a link.

The address of media is never shown, whatever the rule; `pictures_of` is for fetching them.
"""

import re
import textwrap
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote

from escalator.model.destination_kind import DestinationKind
from escalator.model.facts import Content
from escalator.model.incident import Incident
from escalator.model.levels import ContentRule
from escalator.model.policy import Policy
from escalator.rendering.stream_actions import visibility_words
from escalator.rendering.stream_terms import action_words, label_words, language_name
from escalator.rendering.truncate import Cost, cut
from escalator.stream.labels import StreamLabel, read_labels

SNIPPET_CHARS = 300
NAME_CHARS = 80
LINE_CHARS = 80
MOST_LABELS = 3
LABEL_CHARS = 40
MOST_PICTURES = 6

_PLACEHOLDER = re.compile(r"\{(item_id|entity_type|entity_id|user_id)\}")
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MOST_DIGITS = 9
_NO_PICTURES = (".mp4", ".mov", ".webm", ".m3u8", ".mp3", ".m4a", ".aac", ".ogg", ".wav", ".pdf", ".svg")
_WITHHELD_LINK_VALUES = frozenset({"item_id"})


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Everything that a message may show of the content; None means not to be mentioned.

    `content` describes the text where there is no snippet; `can_reveal`: there is hidden text that may be revealed.
    """

    kinds: str | None = None
    snippet: str | None = None
    content: str | None = None
    did: str | None = None
    why: str | None = None
    labels: str | None = None
    who: str | None = None
    reference: str | None = None
    can_reveal: bool = False


def rule_in_force(incident: Incident, running: Policy, channel: DestinationKind = DestinationKind.SLACK) -> ContentRule:
    """Return the strictest of the rule frozen with the incident, the running policy's for its category, and the limit
    of this channel.
    """
    category = running.categories.get(incident.category or "")
    rules = (incident.content_rule, category.content if category else ContentRule.SHOW)
    return max(*rules, channel.about.content_limit)


def names_by_key(policy: Policy) -> Policy:
    """Return the policy for use outside Slack and the dashboard: names of people are replaced by their keys."""
    people = {key: replace(person, name=key) for key, person in policy.people.items()}
    return replace(policy, people=people)


def disclose(incident: Incident, rule: ContentRule, now: datetime) -> Disclosure:
    """Return what may be shown under this rule; a caller that must show less passes a stricter one."""
    if incident.is_group:
        return _disclose_group(incident, rule)
    if rule is ContentRule.WITHHOLD:
        return Disclosure(content="Content withheld: read it in the dashboard")
    text = incident.content["text"]
    is_shown = rule is ContentRule.SHOW
    return Disclosure(
        kinds=" and ".join(sorted(one_line(kind, NAME_CHARS) for kind in incident.facts.values("kind"))) or None,
        snippet=one_line(text, SNIPPET_CHARS) or None if is_shown else None,
        content=_hidden(text, _language(incident)) if text.strip() else "No text: look at it in Stream",
        did=_did(incident),
        why=one_line(incident.severity_reason, SNIPPET_CHARS) or None,
        labels=_labels(incident.content) or None,
        who=_who(incident.content, now, with_name=is_shown),
        reference=one_line(incident.content["reference"], SNIPPET_CHARS) or None,
        can_reveal=not is_shown and bool(text.strip()),
    )


def _disclose_group(incident: Incident, rule: ContentRule) -> Disclosure:
    """Return what may be shown of several alerts at once: nothing that is about only one of them."""
    if rule is ContentRule.WITHHOLD:
        return Disclosure()
    return Disclosure(
        why=one_line(incident.severity_reason, SNIPPET_CHARS) or None,
        reference=one_line(incident.content["reference"], SNIPPET_CHARS) or None,
    )


def lines_of(incident: Incident) -> tuple[str, ...]:
    """Return the text as short lines, to be revealed one by one; empty where there is none."""
    visible_lines = ("".join(_visible(char) for char in line) for line in incident.content["text"].splitlines())
    return tuple(part for line in visible_lines for part in textwrap.wrap(line, LINE_CHARS))


def pictures_of(incident: Incident) -> tuple[str, ...]:
    """Return the addresses of media that may be pictures, for fetching: https only, without what is named as a video,
    a sound or a document.
    """
    addresses = (address for address in incident.content["media"].splitlines() if address.startswith("https://"))
    named = ((address, re.split("[?#]", address)[0].lower()) for address in addresses)
    return tuple(address for address, path in named if not path.endswith(_NO_PICTURES))[:MOST_PICTURES]


def dashboard_url(template: str, incident: Incident, rule: ContentRule) -> str:
    """Return the address in Stream's dashboard. A value that is unknown or may not be shown is left empty: the
    dashboard's start page still helps.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        may_be_said = rule is not ContentRule.WITHHOLD or name in _WITHHELD_LINK_VALUES
        return quote(incident.links.get(name, ""), safe="") if may_be_said else ""

    return _PLACEHOLDER.sub(value, template)


def one_line(text: str, limit: int, cost: Cost = len) -> str:
    """Return the text as one line of at most `limit` units, without characters that reorder or hide others."""
    is_plain = text.isascii() and text.isprintable()
    visible = text if is_plain else "".join(_visible(char) for char in text)
    return cut(" ".join(visible.split()), limit, cost)


def _visible(char: str) -> str:
    if char in _BIDI_CONTROLS:
        return ""
    return " " if unicodedata.category(char) in {"Cc", "Cs"} else char


def _hidden(text: str, language: str) -> str:
    length = "1 character" if len(text) == 1 else f"{len(text)} characters"
    return ", ".join(part for part in ("Text hidden", length, language) if part)


def _language(incident: Incident) -> str:
    language = incident.content["language"]
    known = [language] if language else sorted(incident.facts.values("language"))
    return " and ".join(_present(language_name(code) for code in known))


def _did(incident: Incident) -> str | None:
    by_us = visibility_words(incident)
    if by_us is not None:
        return by_us
    newest = incident.facts.latest.get("recommended_action")
    if newest is not None:
        return action_words(newest[1])
    return ", ".join(action_words(action) for action in sorted(incident.facts.values("action"))) or None


def _labels(content: Content) -> str:
    """Return the surest labels: `Self harm › Intent (94%), Violence (80%)`."""
    return ", ".join(_label(label) for label in read_labels(content["labels"])[:MOST_LABELS])


def _label(label: StreamLabel) -> str:
    levels = (one_line(label_words(level), LABEL_CHARS) for level in (label.parent, label.name))
    sure = f" ({label.confidence:.0%})" if label.confidence is not None else ""
    return " › ".join(_present(levels)) + sure


def _who(content: Content, now: datetime, *, with_name: bool) -> str | None:
    name = one_line(content["author_name"], NAME_CHARS) if with_name else ""
    key = one_line(content["author_id"], NAME_CHARS)
    author = f"{name} ({key})" if name and key else name or key
    parts = _present((author, _account_age(content["account_created_at"], now), _flagged(content["flagged_before"])))
    return " · ".join(parts) or None


def _account_age(created_at: str, now: datetime) -> str:
    try:
        created = datetime.fromisoformat(created_at)
    except ValueError:
        return ""
    days = (now - (created if created.tzinfo else created.replace(tzinfo=UTC))).days
    if days < 1:
        return "account created today"
    return "account 1 day old" if days == 1 else f"account {days} days old"


def _flagged(times: str) -> str:
    if not (times.isascii() and times.isdigit() and len(times) <= _MOST_DIGITS):
        return ""
    return {0: "never flagged before", 1: "flagged once before"}.get(int(times), f"flagged {int(times)} times before")


def _present(parts: Iterable[str]) -> list[str]:
    return [part for part in parts if part]
