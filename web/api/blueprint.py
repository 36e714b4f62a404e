"""The blueprint of the API: access checks, route declarations, and the OpenAPI document."""

from collections.abc import Callable, Sequence
from functools import partial, wraps
from threading import Lock
from typing import Any

from flask import Flask, Response, request
from flask_smorest import Api, Blueprint
from marshmallow import RAISE, Schema
from webargs.flaskparser import FlaskParser

from escalator.services.auth.api_tokens import Scope
from escalator.services.core.context import Core
from web.api import access
from web.api.problems import MIMETYPE, PREFIX, refuse
from web.api.response_schemas import ProblemSchema
from web.security_headers import PRIVATE
from web.session import cookie_name

View = Callable[..., Any]

_ALWAYS = (401, 403, 503)
_JSON = "application/json"
_UNSAFE = frozenset({"POST", "DELETE"})


_PROBLEM = "Problem"
"""The document's name for every error response: declared once, or each route would get a copy of its schema."""


class _Parser(FlaskParser):
    """Rejects unknown fields: a filter that is misspelt must not show more than was asked for."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION = {"json": RAISE, "query": RAISE}


class _Blueprint(Blueprint):  # type: ignore[misc]  # flask_smorest has no types
    """Describes its routes only on request; most processes never need it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._undescribed: list[Callable[[], None]] = []
        self._lock = Lock()

    def register_views_in_doc(self, *args: Any, **kwargs: Any) -> None:
        self._undescribed.append(partial(super().register_views_in_doc, *args, **kwargs))

    def describe(self) -> None:
        """Add the routes that are not in the document yet."""
        with self._lock:
            while self._undescribed:
                self._undescribed.pop()()


class _Api(Api):  # type: ignore[misc]
    """Serves the document, which is generated at the first request."""

    door: _Blueprint

    def _openapi_json(self) -> Response:
        self.door.describe()
        answer: Response = super()._openapi_json()
        return answer


class ApiBlueprint:
    """The blueprint of the API. `route` declares parameters, answers and errors; the document is made from them."""

    def __init__(self, core: Core) -> None:
        self.blueprint = _Blueprint("api", __name__, url_prefix=PREFIX)
        self.blueprint.ARGUMENTS_PARSER = _Parser()
        self.blueprint.before_request(lambda: access.authenticate(core))

    def route(  # noqa: PLR0913  # a route is declared by these
        self,
        method: str,
        path: str,
        *,
        scope: Scope,
        answers: type[Schema] | None,
        asks: type[Schema] | None = None,
        status: int = 200,
        problems: Sequence[int] = (),
        summary: str = "",
    ) -> Callable[[View], View]:
        """Return a decorator for a view: `asks` is the schema of its query, or of its body if it changes something."""
        door = self.blueprint
        has_body = asks is not None and method in _UNSAFE
        refused = {*_ALWAYS, *problems, *({400} if asks else ()), *({413, 415} if has_body else ())}

        def declare(view: View) -> View:
            # Each decorator copies what the earlier ones have added, so the largest comes last.
            doc = {"summary": summary} if summary else {}
            declared = door.doc(security=[{"token": []}, {"session": []}], **doc)(view)
            for refused_status in sorted(refused):
                declared = door.alt_response(refused_status, response=_PROBLEM)(declared)
            if asks is not None:
                declared = door.arguments(asks, location="json" if has_body else "query")(declared)
            declared = door.response(status, answers, content_type=_JSON)(declared)
            tag = path.split("/")[1].capitalize()
            door.route(path, methods=[method], tags=[tag])(_guarded(declared, scope, has_body=has_body))
            return view

        return declare


def _guarded(view: View, scope: Scope, *, has_body: bool) -> View:
    """Return a view that checks the scope before it reads the body."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        access.require_scope(scope)
        if has_body and request.content_length and not request.is_json:
            refuse(415)
        return view(*args, **kwargs)

    return guarded


Adder = Callable[[ApiBlueprint, Core], None]
"""Adds the routes of one resource."""


def register(app: Flask, core: Core, adders: Sequence[Adder]) -> None:
    """Add the API and its document to the application. `web.errors`, registered later, answers its errors."""
    app.config.update(
        API_TITLE="Moderation escalator",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
    )
    api = _Api(app)
    api.DEFAULT_ERROR_RESPONSE_NAME = None
    token = {"type": "http", "scheme": "bearer", "description": "An API token with the scope that the route needs."}
    session = {
        "type": "apiKey",
        "in": "cookie",
        "name": cookie_name(core),
        "description": "The dashboard's session cookie; requests that change something also need the header X-CSRF.",
    }
    refused = {"description": "Refused, with the reason.", "content": {MIMETYPE: {"schema": ProblemSchema}}}
    api.spec.components.response(_PROBLEM, refused)
    api.spec.components.security_scheme("token", token)
    api.spec.components.security_scheme("session", session)
    door = ApiBlueprint(core)
    for add in adders:
        add(door, core)
    door.blueprint.after_request(_close)
    api.door = door.blueprint
    api.register_blueprint(door.blueprint)


def _close(response: Response) -> Response:
    for name, value in PRIVATE.items():
        response.headers.setdefault(name, value)
    return response
