"""A team of 250: everybody is mentioned, the buttons stay, and whoever is wanted can be found among them."""

import json

import pytest

from tests.doubles.slack_rules import found_problems, view_problems
from tests.scenarios.harness import SLACK_SECRET, Harness
from tests.scenarios.slack_acts import fill
from tests.scenarios.stories import SELF_HARM, taken_by_ana
from tests.scenarios.witness import Window

MANY = 250
LABELS = ["Acknowledge", "Reveal", "Escalate now", "Snooze 15 min"]


@pytest.fixture
def crowd(h: Harness) -> Harness:
    """There are 250 more moderators, in no team, whose names are as long as names may be."""
    people = (
        f"  p{number:03}: {{name: '{'Maria ' * 50}{number:03}', slack: U{number:010}}}\n" for number in range(MANY)
    )
    h.change_policy("  vera:", f"{''.join(people)}  vera:")
    return h


def handed_over_by_ana(h: Harness) -> Window:
    """Ana has taken an incident, and wants to hand it over."""
    page = taken_by_ana(h)[0]
    h.click("ana", "Hand over", on=page)
    return h.expect_window("ana", "Hand over #1001")


def search(h: Harness, window: Window, typed: str, *, by: str = "ana", **odd: str) -> list[str]:
    body = h.slack.searched(window.view, "to", typed, f"U0{by.upper()}", team=odd.get("team", "T0DOUBLE"))
    answer = h.interact(body, secret=odd.get("secret", SLACK_SECRET))
    assert answer.status_code == 200
    found = json.loads(answer.data)
    assert found_problems(found) == []
    groups = found.get("option_groups", [{"options": found.get("options", [])}])
    return [option["value"] for group in groups for option in group["options"]]


def test_a_page_to_250_people_mentions_them_all_and_has_its_buttons(crowd: Harness) -> None:
    members = ", ".join(["ana", "ben", *(f"p{number:03}" for number in range(MANY))])
    crowd.change_policy("members: [ana, ben]}", f"members: [{members}]}}")
    crowd.post(SELF_HARM)
    [page] = [one for one in crowd.slack.messages if one.channel == "CCRITICALALERTS"]
    words = " ".join(block["text"]["text"] for block in page.blocks if "mentions" in block.get("block_id", ""))
    assert words.count("<@") == MANY + 2
    assert all(one.labels == LABELS for one in crowd.slack.messages)
    crowd.forget_seen()


def test_one_of_250_is_found_and_given_it(crowd: Harness) -> None:
    window = handed_over_by_ana(crowd)
    assert view_problems(window.view) == []
    assert search(crowd, window, "p007") == ["p007"]
    assert search(crowd, window, "okafor") == ["ben"]
    assert len(search(crowd, window, "")) == 100
    assert search(crowd, window, "vera") == []
    fill(crowd, window, to="p249")
    [record] = crowd.records("incident.handed_over")
    assert record["after"] == {"to": "p249"}
    crowd.forget_seen()


def test_nobody_is_named_to_who_may_not_choose(crowd: Harness) -> None:
    window = handed_over_by_ana(crowd)
    assert len(search(crowd, window, "")) == 100
    assert search(crowd, window, "", by="ben") == []
    assert search(crowd, window, "", by="vera") == []
    assert search(crowd, window, "", by="nobody") == []
    assert search(crowd, window, "", team="T0OTHER") == []


def test_an_unsigned_search_is_refused(h: Harness) -> None:
    assert h.interact(b"payload=%7B%22type%22%3A%22block_suggestion%22%7D", secret="wrong").status_code == 401
