"""Who somebody is, for the dashboard and the API: sessions, links that sign in, tokens."""
