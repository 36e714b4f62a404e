"""Who we are at the vendors: asked once for each token, and kept.

Until it is known any signed click counts, and what we have done in Jira looks like somebody's act.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from escalator.model.message import Failed
from escalator.model.ranks import Mode
from escalator.services.core import Core
from escalator.settings import Settings
from escalator.store import processes

log = structlog.get_logger(__name__)

WORKSPACE = "slack_workspace"
JIRA_ACCOUNT = "jira_account"
_EVERY = timedelta(minutes=1)
_ASKED_WITH = ":asked_with"


def account(connection: Connection, settings: Settings, name: str) -> str | None:
    """Return who we are at a vendor; None until that is known for the address and the token that we have now."""
    if processes.recall(connection, name + _ASKED_WITH) != _credentials(settings, name):
        return None
    return processes.recall(connection, name) or None


def _credentials(settings: Settings, name: str) -> str:
    """Return a digest of what we ask with."""
    used = {
        WORKSPACE: (settings.slack_api_url, settings.slack_bot_token),
        JIRA_ACCOUNT: (settings.jira_url, settings.jira_email, settings.jira_token),
    }
    return hashlib.sha256("\n".join(used[name]).encode()).hexdigest()[:32]


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
    credentials = _credentials(core.settings, name)
    with core.database.reading() as connection:
        if account(connection, core.settings, name) is not None:
            return
    with core.database.writing() as connection:
        if not processes.take_job(connection, f"{name}:{credentials}", core.clock.now(), _EVERY):
            return
        _keep(core, connection, name, "")
    answer = asked()
    if isinstance(answer, Failed):
        log.warning("account_not_told", account=name, reason=answer.reason.value, detail=answer.detail)
        return
    with core.database.writing() as connection:
        _keep(core, connection, name, answer)


def _keep(core: Core, connection: Connection, name: str, value: str) -> None:
    """Keep who we are with the present token; empty while it is asked, so that nothing is held to another token's."""
    now = core.clock.now()
    processes.remember(connection, name, value, now)
    processes.remember(connection, name + _ASKED_WITH, _credentials(core.settings, name), now)
