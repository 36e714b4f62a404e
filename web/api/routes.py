"""Which resources the API has."""

from flask import Flask

from escalator.services.core import Core
from web.api import acts, explaining, incidents, oncall, overrides, policy, records, silences
from web.api.door import register as register_door

_ADDERS = (incidents.add, acts.add, explaining.add, oncall.add, overrides.add, policy.add, records.add, silences.add)


def register(app: Flask, core: Core) -> None:
    """Add the API to the application."""
    register_door(app, core, _ADDERS)
