"""The input of a card: one incident, and what the caller has looked up for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import Incident
from escalator.model.levels import ContentRule
from escalator.model.message import Occasion
from escalator.model.policy import Category, Policy
from escalator.model.silence import Silence
from escalator.rendering import push_text
from escalator.rendering.redaction import NAME_CHARS, one_line, rule_in_force

NO_TITLE = "Uncategorised"
TITLE_CHARS = 64
"""A longer title is cut: it is in headers, subjects and summaries, beside the number, which must not be lost."""
_STRANGERS = {
    "stream": "a reviewer in Stream",
    "pagerduty": "somebody in PagerDuty",
    "jira": "somebody in Jira",
}
"""Names of people who are not in the policy, by the first word of their key."""


@dataclass(frozen=True, slots=True)
class Others:
    """Numbers of other incidents that a message names: the one it was merged into, its group, and the first and the
    newest member of a group.
    """

    merged_into: int | None = None
    group: int | None = None
    told_of: tuple[int, int] | None = None


NO_OTHERS = Others()


@dataclass(frozen=True, slots=True)
class View:
    """What a message is about, for whom and when.

    `frozen` is the policy version the incident was opened with, `running` the present one: the stricter content rule
    counts, names and addresses are from the running one. `waiting_for` and `next_what` are texts such as
    `Ana Ruiz (child-safety, on call)` and `senior moderators and PagerDuty`; without `next_what` no next line is shown.
    `story` is only shown to seniors. `is_test` marks a diverted message.
    Outside Slack `running` is the result of `names_by_key`. `is_superseded`: a later round's message is at that place.
    For machines: `rung` is the round, step and send of the message, where the incident is further by now; `actor` did
    what is reported, where that is not the owner or who closed it; `wants_content` asks for content that may be shown.
    `silence` is the one that replaced a step of this round.
    `expand` replaces `${NAME}` in a value of the policy at the moment of use.
    """

    incident: Incident
    frozen: Policy
    running: Policy
    now: datetime
    occasion: Occasion = Occasion.STEP
    is_test: bool = False
    is_for_seniors: bool = False
    waiting_for: tuple[str, ...] = ()
    next_what: str = ""
    story: tuple[tuple[datetime, str], ...] = ()
    mentions: tuple[str, ...] = ()
    others: Others = NO_OTHERS
    channel: DestinationKind = DestinationKind.SLACK
    is_superseded: bool = False
    rung: tuple[int, int, int] | None = None
    actor: str | None = None
    wants_content: bool = False
    silence: Silence | None = None
    expand: Callable[[str], str] = str

    @property
    def category(self) -> Category | None:
        """Return the category that names the incident, as it was when the incident was opened."""
        return category_of(self.incident, self.frozen, self.running)

    @property
    def title(self) -> str:
        """Return the category's title, the only word about the harm that may be shown everywhere."""
        return title_of(self.category)

    @property
    def is_drill(self) -> bool:
        """Whether it is a drill."""
        return self.incident.drill is not None

    @property
    def headline(self) -> str:
        """Return `CRITICAL · Self-harm`, marked where it is a test or a drill."""
        return headline(self.incident, self.category, is_test=self.is_test)

    @property
    def rule(self) -> ContentRule:
        """Return the content rule that holds."""
        return rule_in_force(self.incident, self.running, self.channel)

    @property
    def since(self) -> datetime:
        """Return since when people have been waiting for an answer."""
        return self.incident.waiting_since or self.incident.opened_at

    @property
    def waited(self) -> timedelta:
        """Return how long nobody has answered."""
        return self.now - self.since

    @property
    def time_left(self) -> timedelta | None:
        """Return how long until the incident's next deadline, or None when it has none."""
        return None if self.incident.due_at is None else self.incident.due_at - self.now

    def name(self, person: str | None) -> str:
        """Return the name of a person: their own, `a reviewer in Stream`, or automation."""
        return display_name(person, self.running)


def category_of(incident: Incident, frozen: Policy, running: Policy) -> Category | None:
    """Return the category that names an incident, as it was when the incident was opened."""
    key = incident.category or ""
    return frozen.categories.get(key) or running.categories.get(key)


def headline(incident: Incident, category: Category | None, *, is_test: bool = False) -> str:
    """Return the headline of an incident: `CRITICAL · Self-harm`, marked where it is a test or a drill."""
    text = push_text.headline(incident.severity, title_of(category))
    return push_text.marked(text, is_test=is_test, is_drill=incident.drill is not None)


def title_of(category: Category | None) -> str:
    """Return the title of a category, or the words for no category."""
    return one_line(category.title, TITLE_CHARS) or NO_TITLE if category else NO_TITLE


def display_name(person: str | None, policy: Policy) -> str:
    """Return the name of a person (or of a team that owns something) in Slack and on the dashboard."""
    if person is None:
        return "automation"
    if person in policy.people:
        return one_line(policy.people[person].name, NAME_CHARS) or person
    if person in policy.teams:
        return spoken(person)
    return _STRANGERS.get(person.partition(":")[0], person)


def spoken(key: str) -> str:
    """Return a key of the policy in words: `senior-moderators` becomes `senior moderators`."""
    return one_line(key.replace("-", " ").replace("_", " "), NAME_CHARS)
