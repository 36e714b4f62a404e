"""Which queues are read, and when operators are alerted about one."""

import pytest

from escalator.policy.parse import load
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.intake.queue_alerts import report_queues
from escalator.services.intake.queues import queues_of
from tests.policy.files import minimal
from tests.sandboxes import a_core

APP = "  app: {api_key: key, api_secret: secret}\n"
SOURCES = """\
  app: {api_key: key, api_secret: secret, sqs: "${QUEUE}"}
  off: {api_key: "${OFF:-}", api_secret: secret, sqs: "https://sqs.eu-west-1.amazonaws.com/1/off"}
  plain: {api_key: key2, api_secret: secret}
"""


@pytest.fixture
def core(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path, QUEUE="https://sqs.eu-west-1.amazonaws.com/1/app")
    yield core
    core.database.close()


def alerts(core):
    with core.database.reading() as connection:
        return dict(OperatorAlerts(connection, core.clock.now()).list_open())


def test_a_source_that_is_on_and_names_a_queue_has_it_read(core):
    policy = load(minimal((APP, SOURCES)), core.settings.environment)
    assert queues_of(core, policy) == {"app": "https://sqs.eu-west-1.amazonaws.com/1/app"}


def test_an_alert_stands_while_the_problem_does(core):
    with core.database.reading() as connection:
        policy = core.policies.required(connection).policy
    for problems, expected in [
        ({"app": None}, {}),
        ({"app": "not read"}, {"queue:app": "not read"}),
        ({"app": "still not read"}, {"queue:app": "not read"}),
        ({"app": None}, {"queue:app": "not read"}),
        ({"app": ""}, {}),
        ({"app": "not read"}, {"queue:app": "not read"}),
        ({}, {}),
    ]:
        report_queues(core, policy, problems)
        assert alerts(core) == expected
