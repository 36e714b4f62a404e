"""How long it takes to prove that somebody always answers: four weeks of a policy of 50 people."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from escalator.engine.coverage.compute import compute_coverage as judged
from escalator.engine.preview import preview
from escalator.model.facts import Facts, Observation
from escalator.model.policy import Policy
from escalator.policy.parse import load

START = datetime(2026, 3, 2, tzinfo=UTC)
WEEKS = timedelta(weeks=4)
_BARE_MINUTES = 200
_ROTATIONS = (
    "{rotate: weekly, handover: mon 09:00, start: 2026-01-05, people: [%s]}",
    "{rotate: daily, handover: 08:00, start: 2026-01-05, people: [%s]}",
    "{rotate: 12h, handover: 07:00, start: 2026-01-05, people: [%s]}",
)
_ZONES = ("Europe/Madrid", "America/Chicago", "Asia/Kolkata", "Australia/Lord_Howe", "UTC")
_FLOORS = ("", "", ", at_least: high", ", at_least: critical")


def policy_text() -> str:
    """Return a policy of 50 people, 20 categories, 10 schedules (mixed rotations, overrides), and 3 hours."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "version: 1\ntimezone: America/New_York\nsources:\n  app: {api_key: key, api_secret: secret}\npeople:"
    for number in range(50):
        own = ", hours: day" if number % 3 == 0 else ""
        role = ", role: admin" if number == 49 else ""
        yield f"  p{number}: {{name: Person {number}, slack: U{number:04}, stream: mod-{number}{own}{role}}}"
    yield "hours:\n  office: {weekdays: [mon, tue, wed, thu, fri], from: 09:00, to: 18:00, holidays: US}"
    yield "  day: {from: 08:00, to: 22:00}\n  night: {from: 22:00, to: 06:00}\nschedules:"
    for number in range(10):
        people = [f"p{number * 5 + place}" for place in range(5)]
        rotation = _ROTATIONS[number % 3] % ", ".join(people)
        night = f"{{rotate: daily, handover: 09:00, start: 2026-01-05, hours: night, people: [{people[-1]}]}}"
        override = f"{{person: {people[2]}, from: 2026-03-{number + 5:02}T12:00, to: 2026-03-{number + 6:02}T12:00}}"
        yield f"  rota-{number}:\n    timezone: {_ZONES[number % 5]}\n    layers: [{rotation}, {night}]"
        yield f"    overrides: [{override}]"
    yield "teams:"
    for number in range(10):
        people = ", ".join(f"p{number * 5 + place}" for place in range(5))
        yield f"  team-{number}: {{members: [{people}], lead: p{number * 5}, schedule: rota-{number}}}"
    yield 'destinations:\n  room: {slack: "#room"}\n  alerts: {slack: "#alerts", urgent: true}'
    yield "  pager: {pagerduty: key}"
    yield "categories:"
    for number in range(20):
        yield f"  c{number}: {{title: Category {number}, labels: [L{number}]{_FLOORS[number % 4]}}}"
    yield "routes:\n  - {name: Escalated, when: {action: escalate}, assign: team-9, path: grave}"
    for number in range(20):
        team, when = f"team-{number % 10}", f"category: c{number}"
        yield f"  - {{name: Day {number}, when: {{{when}, during: office}}, assign: {team}, path: grave}}"
        yield f"  - {{name: Night {number}, when: {{{when}, outside: office}}, assign: {team}, path: night}}"
    yield "  - {name: Reported, when: {reporter: user, min_reports: 3}, assign: team-8, path: slow}"
    yield "default: slow\npaths:"
    yield "  grave:\n    - {notify: [team, room]}\n    - {after: 5m, notify: [team:team-0, pager]}"
    yield "    - {after: 10m, notify: [schedule:rota-1, alerts], repeat: 3}"
    yield "  night:\n    - {notify: [team]}\n    - {after: 10m, notify: [team:team-2, schedule:rota-3], repeat: 2}"
    yield "    - {after: 20m, notify: [team:team-4]}"
    yield "  slow:\n    - {notify: [room], during: office}\n    - {after: 30m, notify: [team:team-5]}"


def coverage() -> list[str]:
    """The whole coverage, beside asking the engine about one category at every minute."""
    policy = load(policy_text(), {})
    started = time.process_time()
    found = judged(policy, START, START + WEEKS)
    ours = time.process_time() - started
    bare = _bare(policy) * len(found.rows)
    need = f"under 5 s; is 1/{bare / ours:,.0f}"
    return [f"| coverage, 4 weeks, {len(found.rows)} rows, CPU | {ours:.2f} s | every minute: {bare:,.0f} s | {need} |"]


def _bare(policy: Policy) -> float:
    """Return the seconds for which one row would be previewed minute by minute, judged by a part of them."""
    observation = Observation("", START, (), Facts({"category": {"c0": START}}))
    started = time.process_time()
    for minute in range(_BARE_MINUTES):
        preview(observation, "app", policy, START + timedelta(minutes=minute))
    return (time.process_time() - started) * (WEEKS / timedelta(minutes=_BARE_MINUTES))


if __name__ == "__main__":
    print("\n".join(coverage()))
