"""The tables. Instants are UTC by the database's clock; content is stored only in columns named `sealed_…`.

Constraints forbid impossible states: a triggered incident without a deadline, a step that fires twice.
"""

from escalator.store.tables.audit import APPEND_ONLY, audit_chain, audit_records
from escalator.store.tables.auth import api_tokens, login_attempts, magic_links, sessions
from escalator.store.tables.base import Instant, metadata
from escalator.store.tables.delivery import bulletins, deliveries, endpoint_health, posted_messages
from escalator.store.tables.digest import digests
from escalator.store.tables.drill import drills
from escalator.store.tables.incident import acknowledgements, incident_keys, incident_numbers, incidents, notes
from escalator.store.tables.intake import events, vendor_callbacks
from escalator.store.tables.oncall import calendars, oncall_snapshots, overrides
from escalator.store.tables.policy import active_policy, policy_versions
from escalator.store.tables.sandbox import sandbox_inbox
from escalator.store.tables.silence import silences
from escalator.store.tables.stream import stream_calls, stream_items
from escalator.store.tables.stream_queue import stream_queue_samples, stream_queues
from escalator.store.tables.system import counters, jobs, key_values, operator_alerts, processes

__all__ = [
    "APPEND_ONLY",
    "Instant",
    "acknowledgements",
    "active_policy",
    "api_tokens",
    "audit_chain",
    "audit_records",
    "bulletins",
    "calendars",
    "counters",
    "deliveries",
    "digests",
    "drills",
    "endpoint_health",
    "events",
    "incident_keys",
    "incident_numbers",
    "incidents",
    "jobs",
    "key_values",
    "login_attempts",
    "magic_links",
    "metadata",
    "notes",
    "oncall_snapshots",
    "operator_alerts",
    "overrides",
    "policy_versions",
    "posted_messages",
    "processes",
    "sandbox_inbox",
    "sessions",
    "silences",
    "stream_calls",
    "stream_items",
    "stream_queue_samples",
    "stream_queues",
    "vendor_callbacks",
]
