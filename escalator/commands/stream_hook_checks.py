"""Whether Stream sends an app's events here: by webhook, to the source's queue, or to its topic."""

from collections.abc import Iterator, Sequence

from escalator.channels.stream.app import App, Hook
from escalator.commands.findings import Status
from escalator.model.policy import Source
from escalator.services.core.context import Core
from escalator.stream.events import NAMED

PATH = "/webhooks/stream"

Line = tuple[Status, str, str]
"""A status, what was found, and what would help."""


def check_hooks(core: Core, source: Source, app: App) -> Iterator[Line]:
    """Yield what was found. A source whose events go to its queue or topic needs no webhook."""
    others = [hook for hook in app.hooks if hook.is_enabled and hook.url and hook.url == _other_way(core, source, hook)]
    for hook in others:
        yield _types(hook, f"the {hook.kind.upper()} hook", f"its events go to {hook.url}")
    url = f"{core.settings.base_url}{PATH}"
    ours = [hook for hook in app.hooks if hook.is_webhook_to(url)]
    if ours or app.legacy_url.rstrip("/") == url or not others:
        yield _webhook(ours, url, is_legacy=app.legacy_url.rstrip("/") == url)


def _other_way(core: Core, source: Source, hook: Hook) -> str:
    """Return the address of the source's own queue or topic, whichever kind the hook is."""
    return core.expand({"sqs": source.sqs, "sns": source.sns_topic}.get(hook.kind) or "")


def _webhook(ours: Sequence[Hook], url: str, *, is_legacy: bool) -> Line:
    if not ours and not is_legacy:
        remedy = f"add a webhook to {url} in Stream's dashboard, product `all`, with the event types of the README"
        return Status.FAIL, f"no webhook of the app leads to {url}", remedy
    enabled = [hook for hook in ours if hook.is_enabled]
    if not enabled and not is_legacy:
        return Status.FAIL, f"the webhook to {url} is disabled", "enable it in Stream's dashboard"
    if len(enabled) + is_legacy > 1:
        found = f"{len(enabled) + is_legacy} webhooks lead to {url}: every event comes more than once"
        return Status.WARN, found, "remove all but one; the events count once here, but cost twice"
    good = f"a webhook leads to {url}"
    return _types(enabled[0], "the webhook", good) if enabled else (Status.OK, good, "")


def _types(hook: Hook, called: str, good: str) -> Line:
    missing = [name for name in NAMED if hook.event_types and name not in hook.event_types]
    if not missing:
        return Status.OK, good, ""
    remedy = "add them to the hook in Stream's dashboard; product `all` has them all"
    return Status.WARN, f"{called} does not send {', '.join(missing)}", remedy
