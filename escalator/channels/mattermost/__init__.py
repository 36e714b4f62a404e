"""Mattermost, by an incoming webhook: a post for each page, and one more when somebody has taken it or it is over."""
