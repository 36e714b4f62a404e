"""What a policy may hold fits into the database: an address that is too long for its column loses an alert."""

import pytest
from sqlalchemy import select

from escalator.policy.checks.lengths import ADDRESS_BYTES, NAME_BYTES
from escalator.policy.parse import parse
from escalator.store.tables import deliveries, incidents
from tests.sandboxes import a_core, alert, demo_policy, go_on

pytestmark = pytest.mark.every_database

URL = "https://dashboard.example.com/moderation"


def a_policy(address_chars, name_chars):
    return (
        demo_policy()
        .replace(URL, URL + "x" * (address_chars - len(URL)))
        .replace("pagerduty: demo", f"pagerduty: {'p' * address_chars}")
        .replace("dana@example.com]", f"{'d' * 64}@example.com]")
        .replace("name: Urgent harms", f"name: {'r' * name_chars}")
        .replace("name: Ana Ruiz", f"name: {'Ana ' * 300}")
    )


def test_an_alert_goes_out_by_the_longest_addresses_and_names(database_url, tmp_path):
    core = a_core(database_url, tmp_path, policy=a_policy(ADDRESS_BYTES, NAME_BYTES))
    alert(core)
    go_on(core, seconds=21)
    with core.database.reading() as connection:
        assert connection.scalar(select(incidents.c.route)) == "r" * NAME_BYTES
        states = dict(connection.execute(select(deliveries.c.destination, deliveries.c.state)).all())
    core.database.close()
    assert {"pager", "dashboard", "critical-alerts"} <= states.keys()


@pytest.mark.parametrize(
    ("address_chars", "name_chars", "what"),
    [(ADDRESS_BYTES + 1, 20, "is longer than"), (1_000, NAME_BYTES + 1, "is longer than")],
    ids=["an address", "the name of a route"],
)
def test_what_does_not_fit_is_refused_where_it_is_written(address_chars, name_chars, what):
    parsed = parse(a_policy(address_chars, name_chars), {})
    assert parsed.policy is None
    assert all(what in problem.what for problem in parsed.errors)
