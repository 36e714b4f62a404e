"""Who answers for each team now, as Slack shows it."""

from collections.abc import Callable, Iterable

from escalator.channels.slack.blocks import MAX_TEXT, escape
from escalator.engine.rights import may_see
from escalator.engine.roster import Roster
from escalator.engine.targets import address_of, first_contact, people_of
from escalator.model.facts import plain
from escalator.model.policy import DestinationKind, Person, Policy, Team

_HEAD = "All members of a team answer for it; rotas are not followed yet."
_MORE = "\n… ask for one team: `/oncall TEAM`"

Expand = Callable[[str], str]


def oncall_text(roster: Roster, asker: Person, wanted: str, expand: Expand) -> str:
    """Return who answers for the wanted team, or for all that the asker may know of, in mrkdwn.

    The team of a restricted category is nobody's business but of those who are in one of its teams.
    """
    policy = roster.policy
    teams = [team for team in policy.teams.values() if _may_know(team, asker, policy)]
    if wanted:
        named = [team for team in teams if plain(team.key) == plain(wanted)]
        if not named:
            known = ", ".join(f"`{escape(team.key)}`" for team in teams) or "none"
            return f"There is no team `{escape(wanted[:80])}`. Known: {known}."[:MAX_TEXT]
        teams = named
    if not teams:
        return "There is no team."
    return _fitting(_HEAD, [_line(team, roster, expand) for team in teams])


def _may_know(team: Team, asker: Person, policy: Policy) -> bool:
    closed = [category for category in policy.categories.values() if team.key in category.restricted_to]
    return not closed or any(may_see(asker.key, category, policy) for category in closed)


def _line(team: Team, roster: Roster, expand: Expand) -> str:
    policy = roster.policy
    keys = dict.fromkeys([*people_of(team.key, None, roster), *([team.lead] if team.lead else [])])
    people = [policy.people[key] for key in keys if key in policy.people]
    said = [f"{_called(one, expand)}{' (lead)' if one.key == team.lead else ''}" for one in people]
    return f"*{escape(team.key)}* · all members: {', '.join(said) or 'nobody'}"


def _called(person: Person, expand: Expand) -> str:
    """Return a name and the first way of reaching it."""
    kind = first_contact(person)
    address = expand(address_of(person, kind) or "")
    contact = {
        DestinationKind.SLACK: f"<@{address}>",
        DestinationKind.EMAIL: escape(address),
        DestinationKind.PAGERDUTY: "PagerDuty",
    }
    return f"{escape(person.name)} {contact[kind]}" if address else f"{escape(person.name)} (no contact)"


def _fitting(head: str, lines: Iterable[str]) -> str:
    """Return as many whole lines as fit: a cut mention would be none."""
    said = head
    for line in lines:
        if len(said) + len(line) + len(_MORE) >= MAX_TEXT:
            return said + _MORE
        said += f"\n{line}"
    return said
