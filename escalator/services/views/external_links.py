"""Where else an incident stands: Stream, the runbook, and what our messages have made at the vendors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from escalator.model.incident import Incident
from escalator.model.levels import ContentRule, Mode
from escalator.model.policy import DestinationKind, Policy
from escalator.rendering.redaction import dashboard_url
from escalator.rendering.view import category_of
from escalator.services.core.context import Core
from escalator.store.posted_messages import PostedMessage


@dataclass(frozen=True, slots=True)
class ExternalLink:
    """One place, and its address where that is certain."""

    label: str
    url: str | None = None


def find_external_links(
    core: Core,
    incident: Incident,
    frozen: Policy,
    running: Policy,
    standing: Sequence[PostedMessage],
    rule: ContentRule,
) -> tuple[ExternalLink, ...]:
    """Return where else an incident stands, each place once. What stands in the sandbox's inbox is no place."""
    found = [*_of_policy(core, incident, frozen, running, rule)]
    found += [place for one in standing if one.mode is not Mode.SANDBOX and (place := _of_post(core, one))]
    return tuple(dict.fromkeys(found))


def _of_policy(
    core: Core, incident: Incident, frozen: Policy, running: Policy, rule: ContentRule
) -> Iterator[ExternalLink]:
    source = running.sources.get(incident.source) or frozen.sources.get(incident.source)
    if source and (template := core.expand(source.dashboard_url or "")):
        yield ExternalLink("Open in Stream", dashboard_url(template, incident, rule))
    category = category_of(incident, frozen, running)
    if category and (runbook := core.expand(category.runbook or "")):
        yield ExternalLink("Runbook", runbook)


def _of_post(core: Core, one: PostedMessage) -> ExternalLink | None:
    """Return the place of a message of ours; none for what stands in somebody's own messages.

    Slack's link opens the channel: https://docs.slack.dev/interactivity/deep-linking. An incident of PagerDuty's has
    its address at its account's own host, which we are not told.
    """
    if one.ref is None or one.person is not None:
        return None
    match one.channel:
        case DestinationKind.SLACK:
            channel = one.ref.partition("/")[0]
            label = one.destination if not one.destination.startswith("note:") else one.address
            return ExternalLink(f"Slack: {label}", f"https://slack.com/app_redirect?channel={quote(channel, safe='')}")
        case DestinationKind.JIRA:
            site = core.settings.jira_url
            return ExternalLink(f"Jira: {one.ref}", f"{site}/browse/{quote(one.ref, safe='')}" if site else None)
        case DestinationKind.PAGERDUTY:
            return ExternalLink(f"PagerDuty: {one.alias or one.destination}")
        case _:
            return None
