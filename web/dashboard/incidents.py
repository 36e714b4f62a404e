"""The first page: what is open, by urgency; and beside it all incidents, the newest first."""

from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from escalator.channels.stand_in import Refused
from escalator.lazy_imports import LazyImport
from escalator.model.incident import OPEN_STATES, State
from escalator.model.levels import Mode
from escalator.services.core.context import Core
from escalator.services.intake.receive import WebhookReceiver
from escalator.services.views import bulk_actions
from escalator.services.views.health import watch
from escalator.services.views.incident_list import all_of_them, open_now
from escalator.store.incidents import MOST_NUMBER
from escalator.stream.samples import DEFAULT
from web.dashboard.incident_filters import asked, choices, link, said_filters, whole_number
from web.dashboard.layout import tell
from web.session import running, viewer

if TYPE_CHECKING:
    from escalator import sandbox
else:
    sandbox = LazyImport("escalator.sandbox")

_MOST_PAGE = 10_000


def add(door: Blueprint, core: Core) -> None:
    """Add the pages, and what is done on them."""

    @door.get("/")
    def now() -> str:
        policy = running().policy
        page = min(whole_number("page") or 1, _MOST_PAGE)
        board = open_now(core, viewer(), running(), asked(viewer(), policy), page)
        return render_template(
            "dashboard/now.html",
            board=board,
            watch=watch(core),
            is_sandbox=_is_sandbox(core),
            **_asked_for(OPEN_STATES),
        )

    @door.get("/incidents")
    def all_incidents() -> str:
        before, after = whole_number("before"), whole_number("after")
        wanted = asked(viewer(), running().policy)
        shelf = all_of_them(core, viewer(), running(), wanted, before=before, after=after)
        return render_template("dashboard/incidents.html", shelf=shelf, **_asked_for(frozenset(State)))

    @door.post("/acknowledge")
    def acknowledge() -> Response:
        taken = bulk_actions.acknowledge(core, viewer(), _numbers())
        tell(taken.words or "Nothing was selected.", is_refused=not taken.count)
        return redirect(url_for("dashboard.now", **said_filters()), code=303)

    _add_sample(door, core)


def _add_sample(door: Blueprint, core: Core) -> None:
    receiver = WebhookReceiver(core)

    @door.post("/sample")
    def sample() -> Response:
        if not _is_sandbox(core):
            abort(404)
        done = sandbox.send_sample(core, receiver, DEFAULT)
        if isinstance(done, Refused):
            tell(done.why, is_refused=True)
        else:
            tell("A sample alert has been sent; it is here in a moment.")
        return redirect("/", code=303)


def _asked_for(states: frozenset[State]) -> dict[str, Any]:
    """Return what the form of the filters is made of."""
    return {"choices": choices(running().policy, states), "filters": said_filters(), "link": link}


def _numbers() -> list[int]:
    """Return which incidents a form is about: of one row's button that one alone, whatever is ticked elsewhere."""
    form = request.form
    said = form.getlist("only", type=int) or form.getlist("number", type=int)
    return [number for number in said if 1 <= number <= MOST_NUMBER]


def _is_sandbox(core: Core) -> bool:
    return core.settings.mode is Mode.SANDBOX
