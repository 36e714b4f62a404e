"""Everything that conditions can ask about, from one event, each with the time at which Stream said it.

Times decide whether something is newer than a review, so they are those of the thing itself: a label's is its
flag's. What an item says as a whole (its severity) is as old as its newest flag, not as its `updated_at`, which
moves with every review. What never changes of an item is as old as the item.
"""

from collections.abc import Iterable
from datetime import datetime

from escalator.model.facts import AUTOMATIC, CALL_PREFIX, CUSTOM_PREFIX, Facts
from escalator.model.levels import Severity
from escalator.stream import events
from escalator.stream.actors import Actors
from escalator.stream.classifications import Classification
from escalator.stream.content import content_kinds_of
from escalator.stream.escalations import EscalationCall, action_names_of, escalation_calls_of
from escalator.stream.reviews import reviews_of
from escalator.stream.schemas import Appeal, ContentFlag, ReviewQueueItem, StreamEvent
from escalator.stream.sightings import FactCollector, confidence_text, severity_score_text
from escalator.stream.subject import EventSubject
from escalator.stream.text import normalized_word

USER_REPORT = "user_report"
_REPORTS = frozenset({events.MESSAGE_FLAGGED, events.USER_FLAGGED})
_SEVERITY_WORDS = frozenset(Severity) - {Severity.UNKNOWN}
_CALL_ACTIONS = {events.CALL_BLUR: "call_blur", events.CALL_WARNING: "call_warning"}
_BY_NO_ENGINE = frozenset({events.CUSTOM_ACTION, events.MARK_REVIEWED})


def facts_of(event: StreamEvent, subject: EventSubject, actors: Actors, at: datetime) -> Facts:
    """Return what the event says of its item. `at` is the event's own time, for what has no time of its own."""
    evidence = FactCollector()
    evidence.see("event", [event.type], at)
    if event.type not in events.ONLY_SHOWN:
        _see_item(evidence, event, subject, at)
        _see_flags(evidence, event.all_flags, at)
        _see_deeds(evidence, event, actors, at)
        _see_judgement(evidence, event, at)
        _see_report(evidence, event, actors, at)
        _see_reporter(evidence, event, actors, at)
    return evidence.facts()


def _see_item(evidence: FactCollector, event: StreamEvent, subject: EventSubject, at: datetime) -> None:
    """Note what does not change about an item."""
    item, appeal = event.snapshot, event.appeal
    since = (item.created_at if item else None) or at
    holders = [holder for holder in (event, item, appeal) if holder]
    call = item.call if item else None
    channels = [event.cid, *(message.cid for message in event.messages)]
    channels += [appeal.channel_cid if appeal else "", call.channel_cid if call else ""]
    teams = (event.team, *(item.teams if item else ()), call.team if call else "")
    evidence.see("kind", content_kinds_of(event, subject), since)
    evidence.see("entity_type", [subject.entity_type], since)
    evidence.see("author", [subject.author_id], since)
    evidence.see("channel", channels, since)
    evidence.see("stream_team", teams, since)
    evidence.see("config_key", [holder.config_key for holder in holders], since)
    evidence.see("language", item.languages if item else (), since)
    for custom in (event.custom, event.payload.custom):
        _see_custom(evidence, custom.items(), since)


def _see_custom(evidence: FactCollector, custom: Iterable[tuple[str, str]], at: datetime) -> None:
    for name, value in custom:
        evidence.see(CUSTOM_PREFIX + name, [value], at)


def _see_flags(evidence: FactCollector, flags: Iterable[ContentFlag], at: datetime) -> None:
    """Note what each flag says, and the highest confidence as it grew: only that decides."""
    highest = 0.0
    for flagged_at, flag in sorted(((flag.created_at or at, flag) for flag in flags), key=lambda pair: pair[0]):
        labels = flag.labels or tuple(result.label for result in flag.result)
        evidence.see("label", labels, flagged_at)
        evidence.see("reason", [flag.reason], flagged_at)
        evidence.see("reporter", [flag_reporter(flag)], flagged_at)
        _see_custom(evidence, flag.custom.items(), flagged_at)
        if flag_reporter(flag) == "user":
            evidence.see("report", [flag.flagger_id], flagged_at)
        sure = max((float(confidence_text(result.confidence) or 0) for result in flag.result), default=0.0)
        if sure > highest:
            highest = sure
            evidence.see("confidence", [confidence_text(sure)], flagged_at)


def flag_reporter(flag: ContentFlag) -> str:
    """Return who a flag comes from: a user's report, unless automod created it; else an engine."""
    return "user" if normalized_word(flag.type) == USER_REPORT and not flag.created_by_automod else "automod"


def _see_deeds(evidence: FactCollector, event: StreamEvent, actors: Actors, at: datetime) -> None:
    """Note what has been done, and by whom."""
    for action in event.all_actions:
        evidence.see("action", action_names_of(action), action.created_at or at)
        evidence.see("reporter", [normalized_word(action.reporter_type)], action.created_at or at)
    for call in escalation_calls_of(event, actors, at):
        _see_call(evidence, call, call.at or at)
    evidence.see("action", map(normalized_word, event.triggered_actions), at)
    evidence.see("action", [_CALL_ACTIONS.get(event.type, "")], at)
    if event.type == events.USER_BANNED:
        evidence.see("action", ["ban"], at)
    item = event.snapshot
    if item and item.escalation_metadata:
        evidence.see("reason", [item.escalation_metadata.reason], item.escalated_at or at)
        evidence.see(
            "escalation_priority", [normalized_word(item.escalation_metadata.priority)], item.escalated_at or at
        )
    for review in reviews_of(event, actors, at):
        evidence.see("review", [review.by], review.at)


def _see_call(evidence: FactCollector, call: EscalationCall, at: datetime) -> None:
    """Note a call for people. Those of people are remembered by their newest, since each asks anew."""
    evidence.see("action", call.names, at)
    _see_custom(evidence, call.options.items(), at)
    if "custom" in call.names:
        evidence.see("event", [events.CUSTOM_ACTION], at)
    if call.is_automatic:
        evidence.see(AUTOMATIC, call.names, at)
    elif call.at:
        for name in call.names:
            evidence.state(CALL_PREFIX + name, name, call.at)


def _see_judgement(evidence: FactCollector, event: StreamEvent, at: datetime) -> None:
    """Note what Stream thinks of it: harms, severities, rules, recommendations."""
    item, appeal = event.snapshot, event.appeal
    since = judged_at(event, at)
    if item:
        evidence.see("confidence", [confidence_text(item.confidence_score)], since)
        evidence.state(
            "recommended_action", normalized_word(item.recommended_action), item.updated_at or item.created_at or at
        )
    if appeal:
        evidence.see("label", appeal.flag_labels, since)
        evidence.state("recommended_action", normalized_word(appeal.recommended_action), since)
    for judged in (item, appeal):
        _see_severity(evidence, judged, since)
    for written in (*event.messages, event.post):
        if written and written.moderation:
            evidence.see("label", written.moderation.text_harms + written.moderation.image_harms, since)
    if event.rule:
        evidence.see("rule", [event.rule.name, event.rule.id], at)
    evidence.state("recommended_action", normalized_word(event.recommended_action), at)
    _see_verdicts(evidence, event, at)


def judged_at(event: StreamEvent, at: datetime) -> datetime:
    """Return since when what an item says as a whole is known: its newest flag, else its beginning."""
    flagged = [flag.created_at for flag in event.all_flags if flag.created_at]
    held = event.snapshot or event.appeal
    return max(flagged) if flagged else (held.created_at if held else None) or at


def _see_severity(evidence: FactCollector, judged: ReviewQueueItem | Appeal | None, at: datetime) -> None:
    if judged:
        evidence.see("text_severity", [_severity_word(judged.ai_text_severity)], at)
        evidence.see("severity_number", [severity_score_text(judged.severity)], at)


def _severity_word(said: str) -> str:
    """Return Stream's word in lower case, or nothing for a word that states none."""
    return normalized_word(said) if normalized_word(said) in _SEVERITY_WORDS else ""


def _see_verdicts(evidence: FactCollector, event: StreamEvent, at: datetime) -> None:
    """Note the verdicts of an analysis, and of the contents that triggered a rule."""
    analysed = event.texts + event.images
    for verdict in analysed + event.matched_contents:
        evidence.see("language", [verdict.language], at)
        evidence.see("text_severity", [_severity_word(verdict.severity)], at)
        evidence.see("confidence", [confidence_text(verdict.confidence)], at)
        _see_classifications(evidence, verdict.classifications + verdict.ocr_classifications, at)
    advised = {normalized_word(verdict.action) for verdict in analysed} - {"", "keep"}
    if len(advised) == 1:
        evidence.state("recommended_action", advised.pop(), at)


def _see_classifications(evidence: FactCollector, found: Iterable[Classification], at: datetime) -> None:
    for classification in found:
        evidence.see("label", [classification.name], at)
        evidence.see("text_severity", [_severity_word(classification.severity)], at)
        evidence.see("confidence", [confidence_text(classification.confidence)], at)


def _see_report(evidence: FactCollector, event: StreamEvent, actors: Actors, at: datetime) -> None:
    """Note a user's report, or the reason of a ban that no person gave."""
    if event.type in _REPORTS:
        flag = event.flag
        flagged_at = (flag.created_at if flag else None) or at
        evidence.see("reason", [event.reason, flag.reason if flag else ""], flagged_at)
        if not (flag and flag.created_by_automod):
            evidence.see("report", [event.user.id if event.user else ""], flagged_at)
    elif event.type == events.USER_BANNED and not actors.banned_by(event):
        evidence.see("reason", [event.reason], at)


def _see_reporter(evidence: FactCollector, event: StreamEvent, actors: Actors, at: datetime) -> None:
    """Note who an event without flags and actions comes from (RULES 1, reporter)."""
    if event.type in _REPORTS:
        is_automod = event.flag is not None and event.flag.created_by_automod
        evidence.see("reporter", ["automod" if is_automod else "user"], at)
    elif event.type == events.USER_BANNED:
        evidence.see("reporter", ["moderator" if actors.banned_by(event) else "automod"], at)
    elif (
        not events.is_appeal(event.type)
        and event.type not in _BY_NO_ENGINE
        and not event.all_flags
        and not event.all_actions
    ):
        evidence.see("reporter", ["automod"], at)
