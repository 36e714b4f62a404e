"""Mattermost, by an incoming webhook: a post for each page, and one when the incident is taken or closed."""
