"""Jira, Cloud and Data Center: an issue for each incident, with comments, transitions and webhooks."""
