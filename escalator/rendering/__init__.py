"""Texts about incidents: from an incident to a neutral card. The only package that decides what may be shown."""
