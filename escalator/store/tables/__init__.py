"""The tables. Instants are UTC by the database's clock; content is stored only in columns named `sealed_…`.

The constraints refuse what must never be: a triggered incident without a deadline, a step that fires twice.
"""

from escalator.store.tables.audit import APPEND_ONLY, records, seals
from escalator.store.tables.auth import sessions, sign_in_links, tokens, tries
from escalator.store.tables.base import Instant, metadata
from escalator.store.tables.delivery import bulletins, deliveries, destinations, posts
from escalator.store.tables.drill import drills
from escalator.store.tables.incident import answers, incident_keys, incident_numbers, incidents, texts
from escalator.store.tables.intake import callbacks, events
from escalator.store.tables.oncall import calendars, duties, overrides
from escalator.store.tables.policy import active_policy, policy_versions
from escalator.store.tables.sandbox import inbox
from escalator.store.tables.silence import silences
from escalator.store.tables.system import counters, jobs, known, troubles, workers

__all__ = [
    "APPEND_ONLY",
    "Instant",
    "active_policy",
    "answers",
    "bulletins",
    "calendars",
    "callbacks",
    "counters",
    "deliveries",
    "destinations",
    "drills",
    "duties",
    "events",
    "inbox",
    "incident_keys",
    "incident_numbers",
    "incidents",
    "jobs",
    "known",
    "metadata",
    "overrides",
    "policy_versions",
    "posts",
    "records",
    "seals",
    "sessions",
    "sign_in_links",
    "silences",
    "texts",
    "tokens",
    "tries",
    "troubles",
    "workers",
]
