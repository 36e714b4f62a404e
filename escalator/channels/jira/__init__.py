"""Jira, Cloud and Data Center: one issue an incident, which is commented on, moved, and listened to."""
