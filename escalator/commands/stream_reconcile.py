"""`escalator stream reconcile`: compares Stream's queue with what came by webhook; and how that has gone so far."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import click

from escalator.commands.findings import Status
from escalator.engine.reconciliation import Finding
from escalator.model.policy import Policy, Source
from escalator.rendering.probe_failures import probe_words
from escalator.rendering.push_text import words
from escalator.services.core.context import Core
from escalator.services.stream.reconcile import has_waiting_events, is_reconciled, reconcile
from escalator.services.stream.run_outcome import Reconciled
from escalator.store import stream_items, stream_sync

_COUNTED = {
    Finding.KNOWN: "known",
    Finding.OPENED: "opened",
    Finding.CHANGED: "changed",
    Finding.CLOSED: "closed",
    Finding.TOO_OLD: "ignored as too old",
}
_DAY = timedelta(days=1)


def reconcile_sources(
    core: Core, policy: Policy, sources: Sequence[Source], back_to: timedelta | None, *, is_dry: bool
) -> list[dict[str, Any]]:
    """Compare each source's queue once; return for each what was found, or why it was not read."""
    return [_reconcile(core, policy, source, back_to, is_dry=is_dry) for source in sources]


def _reconcile(
    core: Core, policy: Policy, source: Source, back_to: timedelta | None, *, is_dry: bool
) -> dict[str, Any]:
    about: dict[str, Any] = {"source": source.name}
    if not is_reconciled(core, policy, source):
        return about | {"not_read": why_not(core, policy, source)}
    if has_waiting_events(core):
        return about | {"failed": "webhooks wait to be processed, and would be taken for lost; is a worker running?"}
    result = reconcile(core, source, back_to=back_to, is_dry=is_dry)
    failed = {"failed": probe_words(result.failure)} if result.failure else {}
    return about | _numbers(result) | failed


def _numbers(result: Reconciled) -> dict[str, Any]:
    counted = {finding.value: result.counts[finding] for finding in _COUNTED}
    return counted | {"too_large": result.skipped, "has_more": result.is_cut}


def why_not(core: Core, policy: Policy, source: Source) -> str:
    """Return why a source's queue is not read."""
    if not core.expand(source.api_key).strip():
        return "its `api_key` is empty"
    if source.reconcile is None:
        return "`reconcile` is off in the policy"
    return f"its mode is {core.mode_of(source.name, policy).value}: nothing leaves the sandbox"


def print_results(results: Sequence[dict[str, Any]], *, as_json: bool, is_dry: bool) -> None:
    """Print one line a source, or JSON."""
    if as_json:
        click.echo(json.dumps(results, indent=2, ensure_ascii=False))
        return
    for result in results:
        click.echo(f"{result['source']}: {_line(result, is_dry=is_dry)}")


def _line(result: dict[str, Any], *, is_dry: bool) -> str:
    if "not_read" in result:
        return f"not read: {result['not_read']}"
    if "known" not in result:
        return f"not read: {result['failed']}"
    counts = [f"{result[finding.value]} {word}" for finding, word in _COUNTED.items()]
    notes = [f"{result['too_large']} too large to be read"] if result["too_large"] else []
    notes += ["there is more; the next run reads on"] if result["has_more"] else []
    notes += [f"ended early: {result['failed']}"] if "failed" in result else []
    return "; ".join([("would be " if is_dry else "") + ", ".join(counts), *notes])


def sync_findings(core: Core, policy: Policy, source: Source) -> Iterator[tuple[Status, str, str]]:
    """Yield (status, what was found, remedy): how comparing a source's queue has gone so far."""
    if not is_reconciled(core, policy, source):
        yield Status.OK, f"its queue is not compared with the webhooks: {why_not(core, policy, source)}", ""
        return
    now = core.clock.now()
    with core.database.reading() as connection:
        state = stream_sync.get_state(connection, source.name)
        lost = stream_items.count_lost(connection, source.name, now - _DAY)
    if state.failing_since is not None:
        found = f"its queue could not be compared for {words(now - state.failing_since)} ({state.failure})"
        yield Status.FAIL, found, "lost webhooks are not noticed meanwhile; see the lines above"
    if state.ran_at is None:
        yield Status.WARN, "its queue was never compared with the webhooks", "a running worker does it every minute"
    else:
        yield Status.OK, f"its queue was last compared with the webhooks {words(now - state.ran_at)} ago", ""
    if lost:
        remedy = "look at the webhook's log in Stream's dashboard, and at proxies on the way"
        yield Status.WARN, f"in 24 h, {lost} items were found only in its queue: their webhooks never came", remedy
