"""Pictures of an incident, where the source's policy permits them: asked for, recorded, fetched, shown blurred."""

from flask import Blueprint, Response, abort, g, request

from escalator.services.core.context import Core
from escalator.services.views.incident import view_incident
from escalator.services.views.pictures import PictureRefused, fetch_picture, reveal_picture
from web.dashboard.incident import incident_page
from web.dashboard.picture_proofs import ShownPicture, is_proof, make_proof
from web.session import session_token, viewer

_ALONE = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of a picture, beside those of every page: it is shown by our own pages only, and kept nowhere."""


def register(blueprint: Blueprint, core: Core) -> None:
    """Add the routes."""

    @blueprint.post("/incidents/<int:number>/picture")
    def ask_for_picture(number: int) -> str:
        asked = request.form.get("picture", "")
        picture = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) <= 3 else 0  # noqa: PLR2004
        result = reveal_picture(core, viewer(), number, picture, is_insisted="anyway" in request.form)
        if result is None:
            abort(404)
        if isinstance(result, PictureRefused):
            shown = ShownPicture(picture, refused=result.why.value, words=result.words)
        else:
            proof = make_proof(core, session_token(core), number, result.picture, g.now)
            shown = ShownPicture(result.picture, proof)
        return incident_page(view_incident(core, viewer(), number), picture=shown)

    @blueprint.get("/incidents/<int:number>/pictures/<int:picture>/<proof>")
    def picture(number: int, picture: int, proof: str) -> Response:
        if not is_proof(core, session_token(core), number, picture, proof, g.now):
            abort(404)
        found = fetch_picture(core, viewer(), number, picture)
        if found is None:
            abort(404)
        return Response(found.data, content_type=found.content_type, headers=_ALONE)
