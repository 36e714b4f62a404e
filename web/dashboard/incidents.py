"""The first page: open incidents by urgency; and the list of all incidents, newest first."""

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
from escalator.services.views.health import health_summary
from escalator.services.views.incident_list import list_all, list_open
from escalator.services.views.stream_queues import queue_lines
from escalator.store.incidents import MOST_NUMBER
from escalator.stream.samples import DEFAULT
from web.dashboard.incident_filters import active_filters, filter_choices, link, requested_filters, whole_number
from web.dashboard.layout import set_flash
from web.session import running_policy, viewer

if TYPE_CHECKING:
    from escalator import sandbox
else:
    sandbox = LazyImport("escalator.sandbox")

_MOST_PAGE = 10_000


def register(blueprint: Blueprint, core: Core) -> None:
    """Add the pages, and their actions."""

    @blueprint.get("/")
    def now() -> str:
        policy = running_policy().policy
        page = min(whole_number("page") or 1, _MOST_PAGE)
        board = list_open(core, viewer(), running_policy(), requested_filters(viewer(), policy), page)
        return render_template(
            "dashboard/now.html",
            board=board,
            watch=health_summary(core),
            queues=queue_lines(core, viewer(), policy),
            is_sandbox=_is_sandbox(core),
            **_asked_for(OPEN_STATES),
        )

    @blueprint.get("/incidents")
    def all_incidents() -> str:
        before, after = whole_number("before"), whole_number("after")
        filters = requested_filters(viewer(), running_policy().policy)
        shelf = list_all(core, viewer(), running_policy(), filters, before=before, after=after)
        return render_template("dashboard/incidents.html", shelf=shelf, **_asked_for(frozenset(State)))

    @blueprint.post("/acknowledge")
    def acknowledge() -> Response:
        result = bulk_actions.acknowledge_many(core, viewer(), _numbers())
        set_flash(result.words or "No incident was selected.", is_refused=not result.count)
        return redirect(url_for("dashboard.now", **active_filters()), code=303)

    _add_sample(blueprint, core)


def _add_sample(blueprint: Blueprint, core: Core) -> None:
    receiver = WebhookReceiver(core)

    @blueprint.post("/sample")
    def sample() -> Response:
        if not _is_sandbox(core):
            abort(404)
        result = sandbox.send_sample(core, receiver, DEFAULT)
        if isinstance(result, Refused):
            set_flash(result.why, is_refused=True)
        else:
            set_flash("Sample alert sent. It appears here in a moment.")
        return redirect("/", code=303)


def _asked_for(states: frozenset[State]) -> dict[str, Any]:
    """Return the values for the filter form."""
    return {"choices": filter_choices(running_policy().policy, states), "filters": active_filters(), "link": link}


def _numbers() -> list[int]:
    """Return which incidents a form is about: a row's own button means only that row, whatever else is ticked."""
    form = request.form
    numbers = form.getlist("only", type=int) or form.getlist("number", type=int)
    return [number for number in numbers if 1 <= number <= MOST_NUMBER]


def _is_sandbox(core: Core) -> bool:
    return core.settings.mode is Mode.SANDBOX
