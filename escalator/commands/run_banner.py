"""The first output of `run`: what runs, in which mode, and the URLs."""

from collections.abc import Callable, Iterator

from escalator.commands.run_preflight import Prepared
from escalator.model.levels import Mode
from escalator.model.policy import Person, Policy
from escalator.settings import Settings, base_url

_MODES = {
    Mode.SANDBOX: "SANDBOX: nothing is sent; the page shows what would have been sent, and its buttons work",
    Mode.DIVERT: "DIVERT: every message goes to its source's `divert_to`, marked TEST",
    Mode.PRODUCTION: "production: messages are sent",
}


def start_page(prepared_run: Prepared, port: int, real: str, first_link: str = "") -> tuple[str, ...]:
    """Return the lines.

    `real` says who gets real messages from this start on, if that is new; `first_link` signs the first person in, if
    nobody has signed in yet.
    """
    facts = _facts(prepared_run, port, real, first_link)
    return ("", "Escalator is running.", "", *facts, "", "Ctrl-C stops everything.", "")


def _facts(prepared_run: Prepared, port: int, real: str, first_link: str) -> Iterator[str]:
    settings = prepared_run.settings
    url = base_url({**settings.environment, "PORT": str(port)})
    yield _fact("Mode", _MODES[settings.mode])
    if real:
        yield _fact("", real)
    if settings.mode is Mode.SANDBOX:
        yield _fact("Sandbox", f"{url}/sandbox")
        yield _fact("Dashboard", f"{url}/ (choose who you are)")
    else:
        yield _fact("Dashboard", url)
    if first_link:
        yield _fact("Sign in", first_link)
        yield _fact("", "works once, within 24 h, for the first admin; invite the others on the page People")
    yield _fact("Webhook", f"{url}/webhooks/stream")
    if prepared_run.is_demo:
        yield _fact("Policy", "a demo, because there is no escalation.yml here; `escalator init` writes your own")
    else:
        yield _fact("Policy", str(settings.policy_file))
    yield _fact("Runs", ", ".join(_parts(settings)))
    if settings.mode is Mode.SANDBOX:
        yield _fact("Try", "escalator sample")


def _parts(settings: Settings) -> Iterator[str]:
    yield "web, worker, clock"
    yield "Redis at REDIS_URL" if settings.environment.get("REDIS_URL") else "embedded broker"
    yield f"SQLite in {settings.var}/" if settings.is_sqlite else "PostgreSQL at DATABASE_URL"


def _fact(name: str, text: str) -> str:
    return f"  {name:<9} {text}"


def real(policy: Policy, expand: Callable[[str], str]) -> str:
    """Return how many people and destinations get real messages."""
    people = sum(_is_reachable(person, expand) for person in policy.people.values())
    places = [
        destination
        for destination in policy.destinations.values()
        if any(expand(address) for address in destination.addresses)
    ]
    people_words = f"{people} {'person' if people == 1 else 'people'}"
    channels = f"{len(places)} destination{'' if len(places) == 1 else 's'}"
    return f"First start in production: messages now reach {people_words} and {channels}."


def _is_reachable(person: Person, expand: Callable[[str], str]) -> bool:
    return any(expand(person.address_of(kind) or "") for kind in person.contact)
