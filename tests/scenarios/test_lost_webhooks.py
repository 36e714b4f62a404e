"""With three in ten webhooks lost, two in ten sent twice and all of them shuffled, the end is as if all had come.

Hundreds of items of two apps in three waves: they are flagged, some are flagged for something graver, some are
reviewed. What one app tells comes in order; what the other tells is carried badly, and between the waves its queue is
compared once. Each path has one step, for an incident that is opened later is also escalated later.
"""

import random
from collections import Counter

import pytest
from sqlalchemy import select

from escalator.services.intake import process
from escalator.services.stream.reconcile import reconcile_due_sources
from escalator.store.tables import deliveries, events, incident_keys, incidents
from escalator.stream.signature import sign
from tests.examples import examples
from tests.scenarios.harness import POLICY
from tests.scenarios.stream_app import running_app

pytestmark = [pytest.mark.every_database, pytest.mark.long]

ITEMS = examples(1_000)
INTERVAL_S = 60
LABELS = ("SPAM", "HATE", "THREAT", "SELF_HARM")
SHOWN = ("state", "category", "severity", "route", "path", "round", "step", "owner", "outcome", "reviewed_by")
NOTIFIED = ("occasion", "round", "step", "target", "destination")
LOSSY, WHOLE = "chat", "games"
ONE_STEP = """
paths:
  child-safety: [{notify: [child-room]}]
  seniors-now: [{notify: [leads]}]
  urgent: [{notify: [critical-alerts, team]}]
  hate: [{notify: [hate-room]}]
  triage: [{notify: [critical-alerts]}]
  log-only: []
"""
OTHER_APP = "sources:\n  games: {api_key: games-key, api_secret: games-secret, reconcile: off, expect_within: 365d}\n"


def a_policy():
    text = POLICY.read_text().replace("sources:\n", OTHER_APP)
    return text[: text.index("\npaths:")] + ONE_STEP + text[text.index("\nunanswered:") :]


class Postman:
    """Carries the webhooks of one app badly: some never come, some come in a later wave, some come twice."""

    def __init__(self, h, seed):
        self.h, self.chance = h, random.Random(seed)  # noqa: S311
        self.late = []
        self.is_down = False
        self.lost = 0

    def carry(self, webhooks):
        carried, self.late = [*webhooks, *self.late], []
        arriving = []
        for webhook in carried:
            roll = self.chance.random()
            if self.is_down or roll < 0.3:
                self.lost += 1
                self.late += [webhook] if roll < 0.05 else []
            else:
                arriving += [webhook] * (2 if roll < 0.5 else 1)
        self.chance.shuffle(arriving)
        for webhook in arriving:
            assert self.h.send(webhook, is_working=False).status_code == 200


def play(h, app, postman, *, has_outage):
    """Play the three waves; after each the queue is compared once, an interval later."""
    reconcile_due_sources(h.core)
    numbers = range(1, ITEMS + 1)
    wave(h, postman, told(app, lambda n: app.flag(n, LABELS[n % 4]), numbers))
    postman.is_down = has_outage
    graver = (number for number in numbers if number % 3 == 0)
    wave(h, postman, told(app, lambda n: app.flag(n, "SELF_HARM", ai_text_severity="CRITICAL"), graver))
    if has_outage:
        for _minute in range(10):
            pass_interval(h)
    postman.is_down = False
    wave(h, postman, told(app, app.review, (number for number in numbers if number % 5 == 0)))
    postman.carry([])
    process_all(h)


def told(app, happen, numbers):
    webhooks = []
    for number in numbers:
        app.harness.clock.move(milliseconds=20)
        webhooks.append(happen(number))
    return webhooks


def wave(h, postman, webhooks):
    for webhook in webhooks:
        headers = {"X_Api_Key": "games-key", "X_Signature": sign(webhook, "games-secret")}
        assert h.send(webhook, is_working=False, **headers).status_code == 200
    postman.carry(webhooks)
    process_all(h)
    pass_interval(h)


def pass_interval(h):
    h.clock.move(seconds=INTERVAL_S)
    reconcile_due_sources(h.core)
    process_all(h)


def process_all(h):
    while process.process_events(h.core):
        pass


def outcome(h, source):
    """Return what has come of each item of an app, and how often who was notified of it: all but the times."""
    of_item = (incident_keys.c.kind == "item", incident_keys.c.source == source)
    columns = [incidents.c[name] for name in SHOWN]
    states = select(incident_keys.c.value, *columns).join(incidents, incident_keys.c.incident_id == incidents.c.id)
    is_about = incident_keys.c.incident_id == deliveries.c.incident_id
    sent = select(incident_keys.c.value, *(deliveries.c[name] for name in NOTIFIED)).join(deliveries, is_about)
    with h.core.database.reading() as connection:
        return (
            {row.value: tuple(row) for row in connection.execute(states.where(*of_item))},
            Counter(map(tuple, connection.execute(sent.where(*of_item)))),
        )


@pytest.mark.parametrize("has_outage", [False, True], ids=["always up", "web was down for ten minutes"])
def test_the_end_is_as_if_all_had_come(bare, has_outage):
    with running_app(bare, policy=a_policy()) as app:
        app.double.limits["QueryReviewQueue"] = 10_000
        postman = Postman(bare, seed=ITEMS)
        play(bare, app, postman, has_outage=has_outage)
        states, notified = outcome(bare, LOSSY)
        expected_states, expected_notified = outcome(bare, WHOLE)
    assert len(expected_states) == ITEMS
    assert states == expected_states
    assert notified == expected_notified
    assert postman.lost > 0.25 * ITEMS
    assert bare.count(events, source=LOSSY, type="escalator.recovered") > 0.25 * ITEMS
    assert bare.count(incidents, source=LOSSY) == ITEMS
