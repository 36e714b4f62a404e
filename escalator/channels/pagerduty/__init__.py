"""PagerDuty: alerts (Events API v2), actions of people there (webhooks v3), and a few queries (REST)."""
