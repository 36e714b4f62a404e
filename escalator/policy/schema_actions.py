"""The section `actions`: what people may do in Stream from an alert."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from marshmallow import ValidationError, validates_schema

from escalator.model.incident import Outcome
from escalator.model.levels import Role
from escalator.model.stream_action_rule import (
    CUSTOM_PART,
    BanRule,
    BanScope,
    MessageDeletion,
    PartKind,
    StreamActionRule,
)
from escalator.policy.containers import FixedMapping, MappingOfNames, MappingSchema, NamedMapping, OneOrMore
from escalator.policy.scalars import Complaint, EnumWord, MatchingText, OneOf, Scalar, TrueOrFalse
from escalator.policy.time_scalars import Duration, DurationOr, WholeMinutes

_PARTS = [kind.value for kind in PartKind if kind is not PartKind.CUSTOM]
_ROLES = [role for role in Role if role.may_acknowledge]
_RESOLVES: Mapping[str, Outcome | None] = {
    "action_taken": Outcome.ACTION_TAKEN,
    "no_violation": Outcome.NO_VIOLATION,
    "no": None,
}


class _Part(Scalar[str]):
    """A part of an action: one of ours, or `custom:ID`."""

    right = f"one of {', '.join(_PARTS)}, custom:ID"

    def _typed(self, text: str) -> str | None:
        is_custom = text.startswith(CUSTOM_PART) and len(text) > len(CUSTOM_PART)
        return text if is_custom or text in _PARTS else None


class BanKeys(MappingSchema):
    """How a ban bans."""

    lasts = DurationOr(WholeMinutes(), "forever", required=True, data_key="for")
    scope = EnumWord(BanScope)
    shadow = TrueOrFalse()
    delete_messages = EnumWord(MessageDeletion)


def _make_ban(lasts: timedelta | None, shadow: bool = False, **keys: Any) -> BanRule:  # noqa: ANN401, FBT001, FBT002
    return BanRule(lasts, is_shadow=shadow, **keys)


class ActionKeys(MappingSchema):
    """One action."""

    label = MatchingText(r"[^\n]{1,40}", "write a label for the button, 40 characters at most", required=True)
    do = OneOrMore(_Part(), required=True)
    ban = FixedMapping(BanKeys, _make_ban)
    hard_delete = TrueOrFalse()
    reason = MatchingText(r"[^\n]{1,120}", "write a reason on one line, 120 characters at most")
    role = EnumWord(_ROLES)
    confirm = TrueOrFalse()
    second = EnumWord(_ROLES)
    within = Duration()
    resolves = OneOf(*_RESOLVES)

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def bans_as_it_says(self, _data: Mapping[str, Any], original: Mapping[str, Any], **_: object) -> None:
        """Refuse a ban without its length, and a length without a ban."""
        done = original.get("do")
        bans = "ban" in ([done] if isinstance(done, str) else done or [])
        if bans is not ("ban" in original):
            what = "is missing" if bans else "is given, but the action does not ban"
            right = "add `ban: {for: 24h}`" if bans else "remove it, or add ban to `do`"
            raise ValidationError({"ban": [Complaint(what, right)]})


def _make_action(  # noqa: PLR0913  # the keys of the section
    key: str,
    label: str,
    do: tuple[str, ...],
    ban: BanRule | None = None,
    hard_delete: bool = False,  # noqa: FBT001, FBT002
    confirm: bool | None = None,  # noqa: FBT001
    resolves: str = "action_taken",
    **keys: Any,  # noqa: ANN401
) -> StreamActionRule:
    """Return an action; what cannot be undone is confirmed unless the file says otherwise."""
    is_irreversible = hard_delete or (
        ban is not None and (ban.lasts is None or ban.delete_messages is MessageDeletion.HARD)
    )
    return StreamActionRule(
        key,
        label,
        do,
        ban,
        is_hard_delete=hard_delete,
        is_confirmed=is_irreversible if confirm is None else confirm,
        outcome=_RESOLVES[resolves],
        **keys,
    )


ACTIONS = MappingOfNames(NamedMapping(ActionKeys, _make_action))
