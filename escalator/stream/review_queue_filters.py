"""Which conditions of the policy Stream's review queue can be asked by, and how Stream calls them.

Source: GetStream/protocol, openapi/v2/serverside-api.json, `x-stream-filter-fields` of the review queue. A field that
is misspelt is no error at Stream, it matches nothing; so every field that we ask by stands in this table. Stream
compares exactly, also where the policy's routes do not mind case and hyphens.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from escalator.model.entities import long_name
from escalator.model.levels import Severity
from escalator.model.policy import Conditions, SeverityScale

ANYTHING = "*"
SOURCE = "source"
"""No field of Stream's: it says which apps are asked."""
_MIN_SEVERITY = "min_severity"
_PRIORITY = "escalation_priority"
_KIND = "kind"
_KINDS = {"text": "has_text", "image": "has_image", "video": "has_video"}


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of Stream's, whether it may be one of several values, and how Stream writes a value."""

    name: str
    takes_several: bool = True
    spelled: Callable[[str], str] = str


_FIELDS: Mapping[str, _Field] = {
    "label": _Field("label"),
    "reason": _Field("user_report_reason"),
    "reporter": _Field("reporter_type"),
    "action": _Field("recommended_action"),
    "entity_type": _Field("entity_type", spelled=long_name),
    "author": _Field("entity_creator_id"),
    "config_key": _Field("config_key"),
    "language": _Field("language"),
    "stream_team": _Field("teams"),
    "channel": _Field("channel_cid", takes_several=False),
    _PRIORITY: _Field("escalation_priority", takes_several=False),
}

FILTERED = (SOURCE, *_FIELDS, _KIND, _MIN_SEVERITY)
"""The conditions by which the review queue can be asked."""

_RECOMMENDED = frozenset(
    {"keep", "flag", "mask", "mask_flag", "shadow", "remove", "bounce", "bounce_flag", "bounce_remove"}
)


@dataclass(frozen=True, slots=True)
class NotFiltered:
    """A condition that Stream cannot be asked by: what is wrong, and what would be right."""

    condition: str
    what: str
    right: str


def review_queue_filter(conditions: Conditions, scale: SeverityScale) -> dict[str, Any]:
    """Return the filter for the items without a review that meet these conditions (those of `not_filtered` are left
    out).

    `min_severity` is compared with Stream's own number, from the threshold of that severity on.
    """
    asked: dict[str, Any] = {"reviewed": False}
    for condition, values in conditions.tests.items():
        field = _FIELDS.get(condition)
        if condition == _MIN_SEVERITY:
            asked["severity"] = {"$gte": min(scale.numeric[Severity(value)] for value in values)}
        elif condition == _KIND:
            asked[_KINDS[values[0]]] = True
        elif condition == _PRIORITY and ANYTHING in values:
            asked["escalated"] = True
        elif field is not None:
            spelled = [field.spelled(value) for value in values]
            asked[field.name] = spelled[0] if len(spelled) == 1 else {"$in": spelled}
    return asked


def not_filtered(conditions: Conditions, scale: SeverityScale) -> Iterator[NotFiltered]:
    """Yield the conditions that Stream's review queue cannot be asked by, each once."""
    for condition, values in conditions.tests.items():
        field = _FIELDS.get(condition)
        if condition not in FILTERED:
            yield NotFiltered(
                condition, "is not a condition that Stream's review queue is filtered by", _known(condition)
            )
        elif condition == _MIN_SEVERITY and not scale.numeric.keys() >= set(map(Severity, values)):
            what = f"has no number to be compared with: `severity.numeric` says none for {' or '.join(values)}"
            right = f"write one of {', '.join(scale.numeric)}, or add that number"
            yield NotFiltered(condition, what, right)
        elif condition == _KIND and (len(values) > 1 or values[0] not in _KINDS):
            yield NotFiltered(condition, "must be one kind that Stream filters by", f"one of {', '.join(_KINDS)}")
        elif condition == "action" and not _RECOMMENDED.issuperset(values):
            right = f'write one of {", ".join(sorted(_RECOMMENDED))}; escalated items are `escalation_priority: "*"`'
            yield NotFiltered(condition, "must be what Stream's engines recommend", right)
        elif field is not None and ANYTHING in values and condition != _PRIORITY:
            yield NotFiltered(condition, "cannot be anything", "name the values, or leave the condition out")
        elif field is not None and len(values) > 1 and not field.takes_several:
            right = "write one value, and a queue for each further one"
            yield NotFiltered(condition, "has several values, and Stream filters by one", right)


def _known(condition: str) -> str:
    hint = "write the labels of the category as `label`; " if condition == "category" else ""
    return f"{hint}known: {', '.join(FILTERED)}"
