"""Actions in Stream: whether whoever is offered one can carry it out there, and whether somebody can approve it."""

from collections.abc import Iterator

from escalator.model.levels import ContentRule, Role
from escalator.model.stream_action_rule import StreamActionRule
from escalator.policy.draft import PolicyDraft
from escalator.policy.problems import PolicyFinding, join_names, make_warning

_ID_REMEDY = "add `stream` with their id in Stream, or `act_as: service` and `stream_user` to the source"


def check_actions(draft: PolicyDraft) -> Iterator[PolicyFinding]:
    """Yield errors for what Stream would refuse or nobody could approve, and warnings for what no category offers."""
    for name, source in draft.sources.items():
        if (source.acts_as_service or source.tells_escalations) and not source.stream_user:
            key = "act_as" if source.acts_as_service else "tell_stream"
            what = "needs a user in Stream to act as"
            yield PolicyFinding(("sources", name, key), what, "add `stream_user` with the id of a moderator in Stream")
    offered = {key for category in draft.categories.values() for key in category.actions}
    for key, action in draft.actions.items():
        place = ("actions", key)
        if key not in offered:
            what = "is offered by no category, so nobody can use it"
            yield make_warning(place, what, f"add `actions: [{key}]` to a category")
        yield from _approvers(draft, key, action)
        if key in offered and not all(source.acts_as_service for source in draft.sources.values()):
            yield from _unknown_in_stream(draft, key, action)
    for key, category in draft.categories.items():
        with_reason = [name for name in category.actions if name in draft.actions and draft.actions[name].reason]
        if category.content is ContentRule.WITHHOLD and with_reason:
            what = f"is withheld, but {join_names(with_reason)} would write a reason into Stream"
            yield PolicyFinding(("categories", key, "actions"), what, "offer an action without `reason`")


def _approvers(draft: PolicyDraft, key: str, action: StreamActionRule) -> Iterator[PolicyFinding]:
    if action.second is None:
        return
    if sum(person.role >= action.second for person in draft.people.values()) < 2:
        what = f"needs a second person who is {action.second.name.lower()} or more, but there are not two of them"
        yield PolicyFinding(("actions", key, "second"), what, "name a lower role, or give the role to another person")


def _unknown_in_stream(draft: PolicyDraft, key: str, action: StreamActionRule) -> Iterator[PolicyFinding]:
    unknown = [
        person.key
        for person in draft.people.values()
        if max(action.role, Role.MODERATOR) <= person.role and not person.stream
    ]
    if unknown:
        what = f"cannot be carried out by {join_names(unknown)}: their id in Stream is not known"
        yield make_warning(("actions", key), what, _ID_REMEDY)
