"""The button `Page on-call` in Stream's dashboard: it pages whoever a route names, however Stream spells its event."""

import pytest

from tests.scenarios.harness import Harness
from tests.stream.bodies import a_flag, an_action, an_event, an_item_event, as_json

ROUTE = "  - {name: Paged by hand, when: {action: escalator_page}, assign: seniors, path: seniors-now}\n"
HATE = {"flags": [a_flag(labels=["HATE"])]}
OPTIONS = {"id": "escalator_page", "escalator": "page"}


def webhook(action_id, options):
    item = {"id": "item-1"}
    return an_event("moderation.custom_action", action_id=action_id, action_options=options, review_queue_item=item)


def logged(custom):
    return an_item_event(**HATE, actions=[an_action(type="custom", custom=custom)])


@pytest.mark.parametrize(
    ("event", "route"),
    [
        pytest.param(webhook("escalator_page", {}), "Paged by hand", id="our id"),
        pytest.param(webhook("", OPTIONS), "Paged by hand", id="our options alone"),
        pytest.param(webhook("custom", {"escalator": "page"}), "Paged by hand", id="our mark"),
        pytest.param(webhook("2b1c", {"id": "escalator_page"}), "Paged by hand", id="our id in the options"),
        pytest.param(logged({"id": "escalator_page"}), "Paged by hand", id="in the log, by its id"),
        pytest.param(logged({"id": "2b1c", "options": OPTIONS}), "Paged by hand", id="in the log, by its options"),
        pytest.param(webhook("legal", {"kind": "page"}), "Hate", id="another action whose option has the same word"),
        pytest.param(webhook("page", {}), "Hate", id="another action of that name"),
    ],
)
def test_the_button_reaches_the_route_that_names_it(h: Harness, event: dict, route: str) -> None:
    h.change_policy("routes:\n", "routes:\n" + ROUTE)
    h.send(as_json(an_item_event("review_queue_item.new", **HATE)))
    assert h.incident()["route"] == "Hate"
    h.send(as_json(event))
    assert (h.incident()["state"], h.incident()["route"]) == ("triggered", route)
    h.forget_seen()
