"""Who we are at the vendors: asked once, when there is a token, and kept.

Until it is known any signed click counts, and what we have done in Jira looks like somebody's act.
"""

from collections.abc import Callable
from datetime import timedelta

import structlog

from escalator.model.message import Failed
from escalator.model.ranks import Mode
from escalator.services.core import Core
from escalator.store import processes

log = structlog.get_logger(__name__)

WORKSPACE = "slack_workspace"
JIRA_ACCOUNT = "jira_account"
_EVERY = timedelta(minutes=1)


def ask_accounts(core: Core) -> None:
    """Ask for what is not known yet, at most once a minute. Raises Unavailable."""
    if core.settings.mode is Mode.SANDBOX:
        return
    if core.settings.slack_bot_token:
        _ask(core, WORKSPACE, lambda: _workspace(core))
    if core.settings.jira_token:
        _ask(core, JIRA_ACCOUNT, core.vendors.jira.myself)


def _workspace(core: Core) -> str | Failed:
    answer = core.slack(Mode.PRODUCTION).auth_test()
    return answer if isinstance(answer, Failed) else answer.team_id


def _ask(core: Core, name: str, asked: Callable[[], str | Failed]) -> None:
    with core.database.reading() as connection:
        if processes.recall(connection, name) is not None:
            return
    with core.database.writing() as connection:
        if not processes.take_job(connection, name, core.clock.now(), _EVERY):
            return
    answer = asked()
    if isinstance(answer, Failed):
        log.warning("account_not_told", account=name, reason=answer.reason.value, detail=answer.detail)
        return
    with core.database.writing() as connection:
        processes.remember(connection, name, answer, core.clock.now())
