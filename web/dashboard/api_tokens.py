"""API tokens: which exist, and who made them. The text of a new one is shown once."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from escalator.model.levels import Role
from escalator.services.auth import api_tokens
from escalator.services.auth.api_tokens import Scope, TokenRefused
from escalator.services.core.context import Core
from web.dashboard.layout import set_flash
from web.session import require, running_policy, viewer

_SCOPES = {
    Scope.READ: "Read what its person may see, and explain events",
    Scope.ACT: "Act on incidents: acknowledge, resolve and so on",
    Scope.AUDIT: "Read and export the audit records",
}
_DAYS = (30, 90, 365)


def register(blueprint: Blueprint, core: Core) -> None:
    """Add the page."""

    @blueprint.get("/tokens")
    def tokens_page() -> str:
        require(Role.ADMIN)
        return _page(core)

    @blueprint.post("/tokens")
    def make_token() -> AnyResponse:
        require(Role.ADMIN)
        form = request.form
        scopes = {scope for scope in Scope if scope.value in form.getlist("scope")}
        days = form.get("days", "")
        good_for = timedelta(days=int(days)) if days in {str(choice) for choice in _DAYS} else timedelta()
        result = api_tokens.create_token(core, viewer(), form.get("person", ""), form.get("name", ""), scopes, good_for)
        if isinstance(result, TokenRefused):
            return make_response(_page(core, refused=result.why), 400)
        return make_response(_page(core, text=result))

    @blueprint.post("/tokens/<uuid:token_id>/revoke")
    def revoke_token(token_id: UUID) -> AnyResponse:
        require(Role.ADMIN)
        if api_tokens.revoke_token(core, viewer(), token_id):
            set_flash("The token is revoked. It is refused from now on.")
        else:
            set_flash("Nothing changed: there is no such token, or it has already ended.", is_refused=True)
        return redirect("/tokens", code=303)


def _page(core: Core, *, text: str = "", refused: str = "") -> str:
    """Return the page; with a new token's text, or why there is none and the form as filled in."""
    return render_template(
        "dashboard/tokens.html",
        tokens=api_tokens.list_tokens(core, viewer()),
        people=running_policy().policy.people.values(),
        scopes=_SCOPES,
        days=_DAYS,
        now=g.now,
        text=text,
        refused=refused,
        said=request.form if refused else {},
        ticked=request.form.getlist("scope") if refused else [],
    )
