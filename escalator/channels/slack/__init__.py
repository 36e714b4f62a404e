"""Slack: the form of a message, the Web API, and what comes back when somebody clicks."""
