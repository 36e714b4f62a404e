"""Which pages the dashboard has."""

from flask import Blueprint

from escalator.model.ranks import Role
from escalator.services.core import Core
from web.dashboard import audit, incident, now, oncall, people, policy, reports, tokens, week
from web.dashboard.frame import Page, frame

_PAGES = (
    Page("Now", "/"),
    Page("On call", "/oncall"),
    Page("Policy", "/policy"),
    Page("Audit", "/audit"),
    Page("Reports", "/reports"),
)
_OWN_PAGES = (Page("People", "/people", Role.ADMIN), Page("Tokens", "/tokens", Role.ADMIN))


def blueprint(core: Core) -> Blueprint:
    """Return the door of all pages for one application."""
    adders = (now.add, incident.add, oncall.add, policy.add, audit.add, week.add, reports.add, people.add, tokens.add)
    return frame(core, _PAGES, _OWN_PAGES, adders)
