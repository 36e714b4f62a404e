"""Answers from outside the dashboard: links in email, callbacks of PagerDuty and Jira, Slack commands and dialogs."""
