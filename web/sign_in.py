"""Where people sign in and out."""

from flask import Blueprint, Response, abort, g, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from escalator.model.policy import Person
from escalator.model.ranks import Mode
from escalator.services.core import Core
from escalator.services.signing_in import sessions
from web import signed_in
from web.dashboard.frame import closed, surroundings


def blueprint(core: Core) -> Blueprint:
    """Return the door for one application."""
    door = Blueprint("sign_in", __name__)

    @door.context_processor
    def around() -> dict[str, object]:
        return surroundings(core)

    @door.after_request
    def close(response: Response) -> Response:
        return closed(response, core.clock)

    @door.get("/sign-in")
    def page() -> str:
        wanted = _local(request.args.get("next", ""))
        return render_template("dashboard/sign_in.html", people=_people(core), next=wanted)

    @door.post("/sign-in/sandbox")
    def say_who() -> AnyResponse:
        key = request.form.get("person", "")
        if key not in {one.key for one in _people(core)}:
            abort(404)
        response = redirect(_local(request.form.get("next", "")), code=303)
        signed_in.give(core, response, sessions.begin(core, key, sessions.SANDBOX))
        return response

    @door.post("/sign-out")
    def sign_out() -> AnyResponse:
        response = redirect("/sign-in", code=303)
        if signed_in.look_up(core):
            signed_in.check_csrf()
            sessions.end(core, signed_in.held(core), g.viewer.person.key)
        signed_in.take(core, response)
        return response

    return door


def _people(core: Core) -> list[Person]:
    """Return whom somebody may say that they are: in the sandbox anybody of the policy, else nobody."""
    if core.settings.mode is not Mode.SANDBOX:
        return []
    with core.database.reading() as connection:
        return list(core.policies.required(connection).policy.people.values())


def _local(path: str) -> str:
    """Return a path of ours; the first page for anything else, so that a link to here leads nowhere else."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
