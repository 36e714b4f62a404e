"""Our accounts at the vendors: asked once for each token, and stored.

Until one is known, any signed click counts, and our own changes in Jira look like a person's.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import structlog
from sqlalchemy import Connection

from escalator.model.levels import Mode
from escalator.model.message import Failed
from escalator.services.core.context import Core
from escalator.settings import Settings
from escalator.store import jobs, key_values

log = structlog.get_logger(__name__)

WORKSPACE = "slack_workspace"
JIRA_ACCOUNT = "jira_account"
_EVERY = timedelta(minutes=1)
_ASKED_WITH = ":asked_with"


class SlackHome(NamedTuple):
    """Where the token is from: a workspace, and its Enterprise organization, if it has one.

    In an organization people have one id in all workspaces, and may click in another workspace than their own; a token
    of the whole organization has no workspace (docs.slack.dev, "Developing for Enterprise orgs").
    """

    team_id: str
    enterprise_id: str

    def includes(self, team_id: str, enterprise_id: str) -> bool:
        """Whether somebody of that workspace and organization is ours."""
        if self.enterprise_id and self.enterprise_id in {team_id, enterprise_id}:
            return True
        return bool(team_id) and team_id == self.team_id

    def text(self) -> str:
        """Return the stored form."""
        return f"{self.team_id}/{self.enterprise_id}" if self.enterprise_id else self.team_id


def parse_home(text: str) -> SlackHome:
    """Parse what `SlackHome.text` returned."""
    team_id, _, enterprise_id = text.partition("/")
    return SlackHome(team_id, enterprise_id)


def own_account(connection: Connection, settings: Settings, name: str) -> str | None:
    """Return our account at a vendor; None until it is known for the present address and token."""
    if key_values.get(connection, name + _ASKED_WITH) != _credentials(settings, name):
        return None
    return key_values.get(connection, name) or None


def _credentials(settings: Settings, name: str) -> str:
    """Return a digest of our credentials."""
    used = {
        # The last part makes installations ask again that stored no organization.
        WORKSPACE: (settings.slack_api_url, settings.slack_bot_token, "and organization"),
        JIRA_ACCOUNT: (settings.jira_url, settings.jira_email, settings.jira_token),
    }
    return hashlib.sha256("\n".join(used[name]).encode()).hexdigest()[:32]


def refresh_our_accounts(core: Core) -> None:
    """Ask for unknown accounts, at most once a minute. Raises Unavailable."""
    if core.settings.mode is Mode.SANDBOX:
        return
    if core.settings.slack_bot_token:
        _ask(core, WORKSPACE, lambda: _workspace(core))
    if core.settings.jira_token:
        _ask(core, JIRA_ACCOUNT, core.vendors.jira.myself)


def _workspace(core: Core) -> str | Failed:
    answer = core.slack(Mode.PRODUCTION).auth_test()
    return answer if isinstance(answer, Failed) else SlackHome(answer.team_id, answer.enterprise_id).text()


def _ask(core: Core, name: str, query: Callable[[], str | Failed]) -> None:
    credentials = _credentials(core.settings, name)
    with core.database.reading() as connection:
        if own_account(connection, core.settings, name) is not None:
            return
    with core.database.writing() as connection:
        if not jobs.claim_due(connection, f"{name}:{credentials}", core.clock.now(), _EVERY):
            return
        _keep(core, connection, name, "")
    answer = query()
    if isinstance(answer, Failed):
        log.warning("account_not_told", account=name, reason=answer.reason.value, detail=answer.detail)
        return
    with core.database.writing() as connection:
        _keep(core, connection, name, answer)


def _keep(core: Core, connection: Connection, name: str, value: str) -> None:
    """Store our account for the present token; empty while asking, so that no other token's account is used."""
    now = core.clock.now()
    key_values.save(connection, name, value, now)
    key_values.save(connection, name + _ASKED_WITH, _credentials(core.settings, name), now)
