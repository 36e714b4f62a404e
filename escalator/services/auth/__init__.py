"""Authentication: sessions, API tokens, magic links, Slack sign-in, and who may see an incident."""
