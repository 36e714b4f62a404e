"""The clock that Stream's moderation lacks: an escalation engine for moderation alerts."""
