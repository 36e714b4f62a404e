"""Who somebody is: sessions, API tokens, magic links, sign-in with Slack, and who may see an incident."""
