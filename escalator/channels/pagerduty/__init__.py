"""PagerDuty: alerts out (Events API v2), what people do there in (webhooks v3), and a few questions (REST)."""
