"""Incidents and views as the tests of this room need them: what is not said is ordinary."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from escalator.model.destination_kind import DestinationKind
from escalator.model.facts import Content, Facts
from escalator.model.incident import Acknowledgement, DueKind, Incident, State
from escalator.model.levels import ContentRule, Mode, Severity
from escalator.model.policy import Category, Destination, Person, Policy, SeverityScale, Source, Team
from escalator.model.schedule import Schedule
from escalator.rendering.view import Others, View

OPENED = datetime(2026, 8, 20, 14, 3, tzinfo=UTC)
NOW = OPENED + timedelta(minutes=2)
INCIDENT_ID = UUID("0198c7a0-0000-7000-8000-000000000042")
TEXT = "i cannot do this any longer <!channel>"
SECRETS = (TEXT, "cannot do this", "Jess", "user-42", "cdn.example.com", "English", "image", "SELF_HARM")
"""Everything in `an_incident` that Stream said of the item and its author."""


def a_policy(**changes):
    people = {
        "ana": Person("ana", "Ana Ruiz", slack="U0ANA"),
        "ben": Person("ben", "Ben Okafor", slack="U0BEN"),
        "dana": Person("dana", "Dana Fox", slack="U0DANA"),
    }
    policy = Policy(
        timezone=ZoneInfo("UTC"),
        sources={
            "chat-prod": Source(
                "chat-prod",
                "${KEY}",
                ("${SECRET}",),
                dashboard_url="https://dashboard.getstream.io/app/${APP}/moderation?item={item_id}&user={user_id}&e={entity_id}",
            )
        },
        people=people,
        teams={
            "child-safety": Team("child-safety", ("ana", "ben")),
            "senior-moderators": Team("senior-moderators", ()),
        },
        schedules={"seniors-on-call": Schedule("seniors-on-call", ZoneInfo("UTC"), people=("dana",))},
        destinations={
            "ts-pager": Destination("ts-pager", DestinationKind.PAGERDUTY, ("${PD}",)),
            "ts-leads": Destination("ts-leads", DestinationKind.EMAIL, ("leads@example.com",)),
            "ts-board": Destination("ts-board", DestinationKind.JIRA, ("TS",)),
        },
        categories={
            "self_harm": Category(
                "self_harm", "Self-harm", content=ContentRule.SHOW, runbook="https://wiki.example.com/ts/self-harm"
            ),
            "csam": Category("csam", "Child safety", content=ContentRule.WITHHOLD),
        },
        severity=SeverityScale(),
        routes=(),
        default="triage",
        paths={},
    )
    return replace(policy, **changes)


def some_content(**said):
    values = {
        "text": TEXT,
        "language": "en",
        "author_id": "user-42",
        "author_name": "Jess",
        "account_created_at": "2026-07-11T14:03:00Z",
        "flagged_before": "3",
        "media": "https://cdn.example.com/i/1.jpg",
    } | said
    return Content({name: (OPENED, value) for name, value in values.items() if value})


def some_facts(action="flag"):
    seen = {"kind": ("text", "image"), "label": ("SELF_HARM",), "language": ("en",)}
    sightings = {name: dict.fromkeys(values, OPENED) for name, values in seen.items()}
    return Facts(sightings, {"recommended_action": (OPENED, action)})


def an_incident(**changes):
    incident = Incident(
        id=INCIDENT_ID,
        number=1042,
        source="chat-prod",
        mode=Mode.PRODUCTION,
        policy_version=UUID(int=1),
        opened_at=OPENED,
        waiting_since=OPENED,
        state=State.TRIGGERED,
        facts=some_facts(),
        content=some_content(),
        links={
            "item_id": "item-7",
            "entity_type": "stream:chat:v1:message",
            "entity_id": "user-42-m1",
            "user_id": "user-42",
        },
        category="self_harm",
        severity=Severity.CRITICAL,
        severity_reason="Stream's text severity is critical",
        content_rule=ContentRule.HIDE,
        assign="child-safety",
        round=1,
        step=0,
        send_number=1,
        due_kind=DueKind.STEP,
        due_at=OPENED + timedelta(minutes=5),
        fence=3,
    )
    return replace(incident, **changes)


def a_view(**changes):
    """A view of `an_incident`; what is no field of View, nor of its `others`, changes the incident."""
    named = {name: changes.pop(name) for name in list(changes) if name in Others.__dataclass_fields__}
    of_view = {name: changes.pop(name) for name in list(changes) if name in View.__dataclass_fields__}
    values = {
        "incident": an_incident(**changes),
        "frozen": a_policy(),
        "running": a_policy(),
        "now": NOW,
        "others": Others(**named),
        "waiting_for": ("Ana Ruiz (child-safety, on call)",),
        "next_what": "senior moderators and PagerDuty",
        "expand": lambda text: text.replace("${APP}", "12345"),
    }
    return View(**values | of_view)


TAKEN = {
    "state": State.ACKNOWLEDGED,
    "owner": "ana",
    "acknowledged_at": OPENED + timedelta(seconds=57),
    "due_kind": DueKind.REMIND,
    "due_at": OPENED + timedelta(minutes=25),
}


def answered_by(*people):
    return tuple(Acknowledgement(person, "acknowledge", "slack", OPENED) for person in people)


def spoken(card):
    """Every word of a card, one line each, instants as HH:MM."""
    lines = ["".join(_part(part) for part in line) for line in card.lines]
    return [card.header, *lines[:1], *([card.snippet] if card.snippet else []), *lines[1:]]


def _part(part):
    if isinstance(part, str):
        return part
    return f"{part.at:%H:%M}" if hasattr(part, "at") else f"[{part.label}]({part.url})"
