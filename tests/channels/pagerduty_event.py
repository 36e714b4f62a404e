"""An event as PagerDuty takes it."""

EVENT = {
    "event_action": "trigger",
    "dedup_key": "escalator-1",
    "payload": {"summary": "CRITICAL", "source": "here", "severity": "critical"},
}
