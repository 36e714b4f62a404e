"""Realistic events for trying out an installation: `escalator sample [NAME]` and the sandbox.

Their bodies follow Stream's models. No sample holds a graphic word, and the one about children holds no content at
all, since people see them on their phones. Ids and times are new on every call.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from escalator.model.entities import MESSAGE
from escalator.stream import events

DEFAULT = "threat"
REVIEW = "review"
MODERATOR = "mod-ana"

Body = dict[str, object]


@dataclass(frozen=True, slots=True)
class SampleContext:
    """What makes one sample different from the next: when it is, and ids that derive from one."""

    now: datetime
    item_id: str

    @property
    def message_id(self) -> str:
        """Return the id of the message that the item is about, the same for every sample of that item."""
        return f"message-{self.item_id}"

    def ago(self, **span: float) -> str:
        """Return an instant before now, as Stream writes it."""
        return (self.now - timedelta(**span)).isoformat()


@dataclass(frozen=True, slots=True)
class Sample:
    """One event to try: what it shows, and how its body is made."""

    about: str
    body: Callable[[SampleContext], Body]


def sample(name: str, now: datetime, new_id: Callable[[], str], item_id: str | None = None) -> bytes:
    """Return the body of the named sample, to be signed, about a new item or the given one.

    `now` is aware; `new_id` returns another id on each call. Raises KeyError for a name that is not in SAMPLES.
    """
    made = SAMPLES[name].body(SampleContext(now, item_id or new_id()))
    return json.dumps({"custom": {"sample": name}, **made}).encode()


def _event(event_type: str, moment: SampleContext, **more: object) -> Body:
    return {"type": event_type, "created_at": moment.ago(), "received_at": moment.ago(), **more}


def _user(user_id: str, name: str, moment: SampleContext) -> Body:
    return {"id": user_id, "name": name, "role": "user", "language": "en", "created_at": moment.ago(days=40)}


def _author(moment: SampleContext) -> Body:
    return {**_user("user-42", "Jess", moment), "flagged_count": 3, "ban_count": 0, "deleted_content_count": 1}


def _flag(moment: SampleContext, **more: object) -> Body:
    flagged = {"type": "bodyguard", "user_id": "", "labels": [], "reason": "", "result": []}
    seen = {"created_at": moment.ago(seconds=2), "updated_at": moment.ago(seconds=2)}
    return {**flagged, **seen, "entity_type": MESSAGE, "entity_id": moment.message_id, **more}


def _labelled(moment: SampleContext, label: str, word: str) -> Body:
    return _flag(moment, labels=[label], result=[{"label": label, "severity": word}])


def _reported(moment: SampleContext, reason: str) -> Body:
    return _flag(
        moment, type="user_report", user_id="user-7", user=_user("user-7", "Sam", moment), labels=[], reason=reason
    )


def _item(moment: SampleContext, text: str, flag: Body, **more: object) -> Body:
    """Return a review queue item about a chat message, flagged two seconds ago and still visible."""
    message = {
        "id": moment.message_id,
        "type": "regular",
        "cid": "messaging:general",
        "text": text,
        "user": _user("user-42", "Jess", moment),
        "attachments": [],
        "created_at": moment.ago(seconds=3),
        "updated_at": moment.ago(seconds=3),
    }
    return {
        "id": moment.item_id,
        "created_at": moment.ago(seconds=2),
        "updated_at": moment.ago(),
        "entity_type": MESSAGE,
        "entity_id": moment.message_id,
        "entity_creator_id": "user-42",
        "entity_creator": _author(moment),
        "status": "complete",
        "recommended_action": "flag",
        "severity": 0,
        "ai_text_severity": "",
        "languages": ["en"],
        "config_key": "chat:messaging",
        "flags": [flag],
        "flags_count": 1,
        "actions": [],
        "bans": [],
        "reviewed_by": "",
        "latest_moderator_action": "",
        "escalated": False,
        "teams": [],
        "moderation_payload": {"texts": [text] if text else [], "images": [], "videos": [], "custom": {}},
        "message": message,
        **more,
    }


def _new_item(moment: SampleContext, text: str, flag: Body, **more: object) -> Body:
    item = _item(moment, text, flag, **more)
    return _event(events.REVIEW_QUEUE_ITEM_NEW, moment, review_queue_item=item, flags=[flag])


def _acted(moment: SampleContext, action: str, **more: object) -> Body:
    """Return the update that follows what a moderator did to the threat."""
    flag = _labelled(moment, "THREAT", "high")
    done = {
        "id": f"action-{moment.item_id}",
        "type": action,
        "created_at": moment.ago(),
        "user_id": MODERATOR,
        "reporter_type": "moderator",
        "target_user_id": "user-42",
        "reason": "",
    }
    item = _item(
        moment, _THREAT, flag, severity=80, ai_text_severity="high", actions=[done], latest_moderator_action=action
    )
    return _event(events.REVIEW_QUEUE_ITEM_UPDATED, moment, review_queue_item={**item, **more}, action=done)


_THREAT = "I know where you live. Tomorrow you will be sorry."


def _threat(moment: SampleContext) -> Body:
    return _new_item(moment, _THREAT, _labelled(moment, "THREAT", "high"), severity=80, ai_text_severity="high")


def _self_harm(moment: SampleContext) -> Body:
    text = "I do not want to be here any more. This is my last message."
    flag = _labelled(moment, "SELF_HARM", "critical")
    return _new_item(moment, text, flag, severity=90, ai_text_severity="critical")


def _csam_report(moment: SampleContext) -> Body:
    return _new_item(moment, "", _reported(moment, "child safety"), severity=90)


def _hate_report(moment: SampleContext) -> Body:
    return _new_item(moment, "People like you do not belong here.", _reported(moment, "hate"), severity=45)


def _image_violence(moment: SampleContext) -> Body:
    address = f"https://example.com/sample/{moment.message_id}.jpg"
    flag = _flag(
        moment,
        type="aws_rekognition",
        labels=["Violence", "Weapon Violence"],
        result=[{"label": "Weapon Violence", "confidence": 93.4}],
    )
    payload = {"texts": [], "images": [address], "videos": [], "custom": {}}
    return _new_item(moment, "", flag, severity=70, recommended_action="remove", moderation_payload=payload)


def _unscreened(moment: SampleContext) -> Body:
    listing = {"entity_type": "acme:listing", "entity_id": f"listing-{moment.item_id}", "entity_creator_id": "user-42"}
    return _event(events.ANALYSIS_FAILED, moment, config_key="listings", content_ids={"title": "t-1"}, **listing)


def _auto_ban(moment: SampleContext) -> Body:
    user = _user(f"user-{moment.item_id}", "Kit", moment)
    return _event(events.USER_BANNED, moment, user=user, created_by=None, reason="velocity", shadow=False, total_bans=1)


def _rule(moment: SampleContext) -> Body:
    rule = {"id": "rule-1", "name": "High-profile harms", "type": "content", "description": "Selected harm labels"}
    subject = {"entity_type": MESSAGE, "entity_id": moment.message_id, "user_id": "user-42"}
    about = {"rule": rule, "triggered_actions": ["webhook_only"], "review_queue_item_id": moment.item_id}
    return _event(events.RULE_TRIGGERED, moment, **subject, **about)


def _escalated(moment: SampleContext) -> Body:
    escalation = {"reason": "legal_risk", "priority": "high", "notes": "Sounds credible to me"}
    by = {"escalated": True, "escalated_at": moment.ago(), "escalated_by": MODERATOR}
    return _acted(moment, "escalate", escalation_metadata=escalation, **by)


def _review(moment: SampleContext) -> Body:
    return _acted(moment, "mark_reviewed", reviewed_by=MODERATOR, reviewed_at=moment.ago())


SAMPLES: Mapping[str, Sample] = {
    DEFAULT: Sample("a threat, found by Stream and still visible", _threat),
    "self_harm": Sample("a goodbye note, critical", _self_harm),
    "csam_report": Sample("a user's report about child safety; its content is withheld", _csam_report),
    "hate_report": Sample("a user's report of hate", _hate_report),
    "image_violence": Sample("a violent image, removed by Stream", _image_violence),
    "unscreened": Sample("an analysis that failed: nobody has looked at the content", _unscreened),
    "auto_ban": Sample("a ban by automation", _auto_ban),
    "rule": Sample("a rule in Stream that asks for us", _rule),
    "escalated": Sample("a threat that a moderator has escalated in Stream", _escalated),
    REVIEW: Sample("a moderator's review of the threat in Stream", _review),
}
