"""Operator alerts about queues: raised while a queue has a problem, resolved when it has none or is read no more."""

from collections.abc import Mapping

from escalator.model.policy import Policy
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import OperatorAlerts

QUEUE = "queue:"
"""Prefix of the key of an operator alert about a queue; its source follows."""


def report_queues(core: Core, policy: Policy, problems: Mapping[str, str | None]) -> None:
    """Raise and resolve alerts by the problem of each source's queue (see `QueueReader.problem`). Raises Unavailable.

    What is not known yet changes nothing: a process that starts again must not resolve what is still wrong.
    """
    now = core.clock.now()
    with core.database.reading() as connection:
        known = {key for key, _detail in OperatorAlerts(connection, now).list_open() if key.startswith(QUEUE)}
    by_key = {f"{QUEUE}{source}": problem for source, problem in problems.items()}
    found = {key: problem for key, problem in by_key.items() if problem and key not in known}
    over = [key for key in known if by_key.get(key, "") == ""]
    if not found and not over:
        return
    with core.database.writing() as connection:
        alerts = OperatorAlerts(connection, now)
        alerts.resolve(*over)
        for key, problem in found.items():
            alerts.raise_alert(key, problem, policy, core.settings)
