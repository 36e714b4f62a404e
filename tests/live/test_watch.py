"""When those are gone who would tell of it, the others do."""

from escalator.store.tables import operator_alerts
from tests.live.installation import Installation, event, wait_until

ADMIN = "D0ELI"


def told_the_admin(installation: Installation) -> list[str]:
    """Return what has come to the admin: the live policy names nobody else for the product's own trouble."""
    with installation.slack.lock:
        return [one.first_text for one in installation.slack.messages if one.channel == ADMIN]


def test_the_web_tells_that_the_workers_are_gone_and_they_go_on_where_they_stopped(on_sqlite: Installation) -> None:
    on_sqlite.start()
    on_sqlite.processes["worker"].kill()
    on_sqlite.deliver(event())
    wait_until(lambda: told_the_admin(on_sqlite), "the admin is told that the workers are gone")
    assert on_sqlite.messages() == []
    on_sqlite.start_worker("another")
    on_sqlite.expect_messages(1)
    wait_until(lambda: on_sqlite.rows(operator_alerts)[0]["resolved_at"], "the workers are missed no more")
    on_sqlite.wait_until_idle()
    assert [text.rpartition(": ")[2] for text in told_the_admin(on_sqlite)] == ["workers gone"]
