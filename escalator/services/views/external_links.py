"""Links of an incident to other systems: Stream, the runbook, and our posted messages at the vendors."""

from collections.abc import Iterator, Sequence

from escalator.channels.registry import VENDORS
from escalator.channels.vendor import Place, Posted
from escalator.model.incident import Incident
from escalator.model.levels import ContentRule, Mode
from escalator.model.policy import Policy
from escalator.rendering.redaction import dashboard_url
from escalator.rendering.view import category_of
from escalator.services.core.context import Core
from escalator.store.posted_messages import PostedMessage


def find_external_links(
    core: Core,
    incident: Incident,
    frozen: Policy,
    running: Policy,
    standing: Sequence[PostedMessage],
    rule: ContentRule,
) -> tuple[Place, ...]:
    """Return an incident's links to other systems, each once. The sandbox's inbox does not count."""
    links = [*_of_policy(core, incident, frozen, running, rule)]
    links += [place for post in standing if post.mode is not Mode.SANDBOX and (place := _of_post(core, post))]
    return tuple(dict.fromkeys(links))


def _of_policy(core: Core, incident: Incident, frozen: Policy, running: Policy, rule: ContentRule) -> Iterator[Place]:
    source = running.sources.get(incident.source) or frozen.sources.get(incident.source)
    if source and (template := core.expand(source.dashboard_url or "")):
        yield Place("Open in Stream", dashboard_url(template, incident, rule))
    category = category_of(incident, frozen, running)
    if category and (runbook := core.expand(category.runbook or "")):
        yield Place("Runbook", runbook)


def _of_post(core: Core, post: PostedMessage) -> Place | None:
    """Return the link of a message of ours; none for people's direct messages."""
    if post.vendor_ref is None or post.person is not None:
        return None
    return VENDORS[post.channel].place(
        core.settings, Posted(post.destination, post.address, post.vendor_ref, post.vendor_incident_id)
    )
