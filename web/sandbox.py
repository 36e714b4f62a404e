"""The sandbox: its page, data and actions.

It is open to everybody in sandbox mode, and in any other mode to a signed-in admin.
"""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from flask import Blueprint, Response, abort, g, jsonify, render_template, request
from marshmallow import Schema, ValidationError, fields, validate

from escalator import channels
from escalator.channels.stand_in import Json, Refused
from escalator.errors import ContentLocked, Unavailable
from escalator.lazy_imports import LazyImport
from escalator.model.destination_kind import DestinationKind
from escalator.model.levels import Mode, Role
from escalator.services.auth.viewer import Viewer
from escalator.services.core.context import Core
from escalator.services.intake.receive import WebhookReceiver
from escalator.store.incidents import MOST_NUMBER
from web import session
from web.security_headers import FRAMING_PAGE

if TYPE_CHECKING:
    from escalator import sandbox
else:
    sandbox = LazyImport("escalator.sandbox")
"""Production need not import it: it is imported at the first permitted request."""

MODULES = tuple(sorted(file.name for file in (Path(__file__).parent / "static").glob("*.js")))
"""The modules of the page's script: listed in the page, so that they load in parallel."""


def _look(kind: DestinationKind) -> Path:
    """Return the script that draws a vendor's messages; it must exist."""
    file = Path(channels.__path__[0]) / kind.value / "look.js"
    if not file.is_file():
        raise FileNotFoundError(file)
    return file


LOOKS = {kind.value: _look(kind) for kind in DestinationKind}

_ALL_LOOKS = "".join(
    [
        *(f'import {{ app as {kind} }} from "./looks/{kind}.js";\n' for kind in LOOKS),
        "\n/** Each vendor's app, by the key of its kind. */\n",
        f"export const apps = {{ {', '.join(LOOKS)} }};\n",
    ]
)

_TITLES = {kind.value: kind.about.title[:1].upper() + kind.about.title[1:] for kind in DestinationKind}

MARK = "X-Sandbox"
"""A header that no other site's page can send: a request without it changes nothing."""

_OF_A_MAIL = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
"""An email is a foreign page: it runs and loads nothing and has no origin; its links open outside of it."""

_MOST_CHARS = 3_000


class _Sample(Schema):
    name = fields.String(required=True)


class _Click(Schema):
    person = fields.String(required=True)
    message = fields.UUID(required=True)
    action_id = fields.String(load_default="", validate=validate.Length(max=_MOST_CHARS))
    value = fields.String(load_default="", validate=validate.Length(max=_MOST_CHARS))
    view_state = fields.Dict(
        keys=fields.String(), values=fields.Dict(keys=fields.String(), values=fields.String()), load_default=None
    )
    typed = fields.String(load_default=None, validate=validate.Length(max=_MOST_CHARS))


class _Deed(Schema):
    person = fields.String(required=True)
    message = fields.UUID(required=True)
    act = fields.String(required=True, validate=validate.Length(max=_MOST_CHARS))


class _Command(Schema):
    person = fields.String(required=True)
    message = fields.UUID(required=True)
    typed = fields.String(required=True, validate=validate.Length(max=_MOST_CHARS))


class _Fire(Schema):
    number = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=MOST_NUMBER))


class _Kill(Schema):
    pass


def sandbox_blueprint(core: Core) -> Blueprint:
    """Return one application's blueprint."""
    blueprint = Blueprint("sandbox", __name__)

    @blueprint.before_request
    def guard() -> Response | None:
        if core.settings.mode is not Mode.SANDBOX and not _is_an_admins(core):
            abort(404)
        if request.method == "POST" and request.headers.get(MARK) != "1":
            return _answer(403, error=f"The header {MARK} is missing.")
        return None

    @blueprint.after_request
    def seclude(response: Response) -> Response:
        for name, value in FRAMING_PAGE.items():
            response.headers.setdefault(name, value)
        return response

    @blueprint.errorhandler(ValidationError)
    def refuse(error: ValidationError) -> Response:
        return _answer(400, error=f"The request is not valid: {error.messages}")

    _show(blueprint, core)
    _act(blueprint, core)
    return blueprint


def _show(blueprint: Blueprint, core: Core) -> None:
    @blueprint.get("/sandbox")
    def page() -> str:
        state = _state_or_none(core, g.get("viewer"))
        etag = f'"{_fingerprint(state)}"' if state else ""
        return render_template(
            "sandbox.html", picture=state, etag=etag, modules=MODULES, looks=list(LOOKS), titles=_TITLES
        )

    @blueprint.get("/sandbox/looks.js")
    def all_looks() -> Response:
        return _script(_ALL_LOOKS)

    @blueprint.get("/sandbox/looks/<kind>.js")
    def look(kind: str) -> Response:
        if kind not in LOOKS:
            abort(404)
        return _script(LOOKS[kind].read_text("utf-8"))

    @blueprint.get("/sandbox.json")
    def picture() -> Response:
        state = sandbox.sandbox_state(core, g.get("viewer"))
        response = jsonify(state)
        response.set_etag(_fingerprint(state))
        response.make_conditional(request)
        return response

    @blueprint.get("/sandbox/mail/<uuid:item_id>")
    def mail(item_id: UUID) -> Response:
        html = sandbox.mail_page(core, item_id, g.get("viewer"))
        if html is None:
            abort(404)
        return Response(html, mimetype="text/html", headers={"Content-Security-Policy": _OF_A_MAIL})


def _script(text: str) -> Response:
    """Return a script, which the browser may cache if it checks each time that it is unchanged."""
    response = Response(text, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})
    response.add_etag()
    response.make_conditional(request)
    return response


def _is_an_admins(core: Core) -> bool:
    """Whether an admin is signed in; then they are the `viewer`."""
    return session.look_up(core) and session.viewer().person.role is Role.ADMIN


def _state_or_none(core: Core, viewer: Viewer | None) -> Json | None:
    """Return the page's initial state; None if it is not available now: the page then asks for it again."""
    try:
        return sandbox.sandbox_state(core, viewer)
    except (Unavailable, ContentLocked):
        return None


def _act(blueprint: Blueprint, core: Core) -> None:
    receiver = WebhookReceiver(core)

    @blueprint.post("/sandbox/sample")
    def sample() -> Response:
        result = sandbox.send_sample(core, receiver, _load(_Sample())["name"])
        return _refused(result) if isinstance(result, Refused) else _answer(accepted=result.value)

    @blueprint.post("/sandbox/click")
    def click() -> Response:
        result = sandbox.signed_click(core, sandbox.Press(**_own(_load(_Click()))))
        return _refused(result) if isinstance(result, Refused) else _signed(result)

    @blueprint.post("/sandbox/command")
    def command() -> Response:
        result = sandbox.signed_command(core, sandbox.TypedCommand(**_own(_load(_Command()))))
        return _refused(result) if isinstance(result, Refused) else _signed(result)

    @blueprint.post("/sandbox/act")
    def act() -> Response:
        result = sandbox.signed_act(core, sandbox.Deed(**_own(_load(_Deed()))))
        return _refused(result) if isinstance(result, Refused) else _signed(result)

    @blueprint.post("/sandbox/fire")
    def fire() -> Response:
        refused = sandbox.expire_deadline(core, _load(_Fire())["number"], g.get("viewer"))
        return _answer() if refused is None else _refused(refused)

    @blueprint.post("/sandbox/kill")
    def kill() -> Response:
        _load(_Kill())
        result = sandbox.kill_worker(core)
        return _refused(result) if isinstance(result, Refused) else _answer(pid=result)


def _load(schema: Schema) -> dict[str, Any]:
    """Return the request's body; raises ValidationError when it does not fit the schema."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise ValidationError("no JSON object")
    loaded: dict[str, Any] = schema.load(body)
    return loaded


def _own(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of an action; outside sandbox mode, people may act only as themselves.

    Sandbox incidents may be about real people, and a record must not name somebody who has read nothing.
    """
    if "viewer" in g and body["person"] != session.viewer().person.key:
        raise ValidationError({"person": ["Outside a sandbox you can act only as yourself."]})
    return body


def _answer(status: int = 200, **values: object) -> Response:
    response = jsonify(values)
    response.status_code = status
    return response


def _refused(why: Refused) -> Response:
    return _answer(409, error=why.why)


def _signed(request_: "sandbox.Signed") -> Response:
    return _answer(door=request_.door, headers=dict(request_.headers), body=request_.body)


def _fingerprint(state: Json) -> str:
    """Return a hash that changes when the state does, except for the time and the workers' heartbeats."""
    workers = cast("list[Json]", state["workers"])
    beating = [{name: value for name, value in worker.items() if name != "beat_at"} for worker in workers]
    lasting = {**state, "now": None, "workers": beating}
    return hashlib.sha256(json.dumps(lasting).encode()).hexdigest()
