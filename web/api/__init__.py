"""API version 1: the dashboard's data and actions, for programs. One module per resource."""
