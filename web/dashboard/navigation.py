"""Which pages the dashboard has."""

from flask import Blueprint

from escalator.model.levels import Role
from escalator.services.core.context import Core
from web.dashboard import api_tokens, audit, incident, incidents, oncall, people, policy, reports, weekly_review
from web.dashboard.layout import Page, frame

_PAGES = (
    Page("Now", "/"),
    Page("On call", "/oncall"),
    Page("Policy", "/policy"),
    Page("Audit log", "/audit"),
    Page("Reports", "/reports"),
)
_OWN_PAGES = (
    Page("Exposure", "/care"),
    Page("People", "/people", Role.ADMIN),
    Page("API tokens", "/tokens", Role.ADMIN),
)


def blueprint(core: Core) -> Blueprint:
    """Return the door of all pages for one application."""
    adders = (
        incidents.add,
        incident.add,
        oncall.add,
        policy.add,
        audit.add,
        weekly_review.add,
        reports.add,
        people.add,
        api_tokens.add,
    )
    return frame(core, _PAGES, _OWN_PAGES, adders)
