"""Sources: whether there are any, and whether their webhooks can be verified."""

from collections.abc import Iterator, Mapping

from escalator.policy.draft import PolicyDraft
from escalator.policy.placeholders import expand
from escalator.policy.problems import PolicyFinding, make_warning


def check_sources(draft: PolicyDraft, env: Mapping[str, str]) -> Iterator[PolicyFinding]:
    """Yield a warning for a policy without sources, and for each source that can receive nothing."""
    if not draft.tree.get("sources"):
        yield make_warning(
            ("sources",), "is missing, so no webhook is accepted", "add a source with the API key of your Stream app"
        )
    for name, source in draft.sources.items():
        has_other_way = expand(source.sqs or "", env) or expand(source.sns_topic or "", env)
        has_secret = any(expand(secret, env) for secret in source.api_secrets)
        if expand(source.api_key, env) and not has_secret and not has_other_way:
            what = "every secret is empty, so all webhooks of this app are refused"
            yield make_warning(
                ("sources", name, "api_secret"),
                what,
                "set its secret, or leave its API key empty to disable the source",
            )
