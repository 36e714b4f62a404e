"""The API of version 1: what the dashboard shows and does, for machines. One module a resource."""
