"""Who can sign in, and how: admins invite people, and end their sessions."""

from flask import Blueprint, abort, g, redirect, render_template
from werkzeug.wrappers import Response as AnyResponse

from escalator.model.levels import Role
from escalator.model.message import Failed
from escalator.model.policy import Person
from escalator.services.auth import magic_link_mail, sessions
from escalator.services.auth.sign_in_methods import can_mail
from escalator.services.core.context import Core
from escalator.services.views.people import list_people
from web.dashboard.layout import set_flash
from web.session import require, running_policy, viewer

_WAYS = {"sandbox": "Sandbox, by choosing a name", "slack": "Slack", "mail": "Mail"}


def register(blueprint: Blueprint, core: Core) -> None:
    """Add the page."""

    @blueprint.get("/people")
    def people_page() -> str:
        require(Role.ADMIN)
        rows = list_people(core, running_policy(), g.now)
        return render_template(
            "dashboard/people.html", rows=rows, ways=_WAYS, can_invite=can_mail(core.settings) and not _is_sandboxs()
        )

    @blueprint.post("/people/<key>/invite")
    def invite(key: str) -> AnyResponse:
        person = _person_or_404(key)
        if _is_sandboxs():
            abort(403)
        sent = magic_link_mail.send_invitation(core, viewer(), person)
        if isinstance(sent, Failed):
            why = f"{sent.reason.value} ({sent.detail})" if sent.detail else sent.reason.value
            set_flash(f"The invitation for {person.name} could not be sent: {why}.", is_refused=True)
        else:
            set_flash(f"{person.name} is invited: a link has been sent, which works once within 3 days.")
        return redirect("/people", code=303)

    @blueprint.post("/people/<key>/sign-out")
    def sign_out_everywhere(key: str) -> AnyResponse:
        person = _person_or_404(key)
        count = sessions.end_all_sessions(core, person.key, viewer())
        set_flash(f"{person.name} is signed out of {count} browser{'' if count == 1 else 's'}.")
        return redirect("/people", code=303)


def _person_or_404(key: str) -> Person:
    """Return the person; aborts for unknown ones and viewers below admin."""
    require(Role.ADMIN)
    return running_policy().policy.people.get(key) or abort(404)


def _is_sandboxs() -> bool:
    """Whether the admin signed in without proof."""
    return viewer().is_sandbox
