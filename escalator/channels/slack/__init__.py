"""Slack: the form of messages, the Web API, and interactions such as clicks."""
