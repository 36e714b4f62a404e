"""Who we are at the vendors: asked once for each token, and kept.

Until it is known any signed click counts, and what we have done in Jira looks like somebody's act.
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
    """Where the token is from: a workspace, and the Enterprise organization that it is part of, if it is.

    In an organization people have one id in all of its workspaces, and their own may be another than the one in which
    they click; a token of the whole organization has no workspace (docs.slack.dev, "Developing for Enterprise orgs").
    """

    team_id: str
    enterprise_id: str

    def includes(self, team_id: str, enterprise_id: str) -> bool:
        """Whether somebody of that workspace, in that organization, is one of ours."""
        if self.enterprise_id and self.enterprise_id in {team_id, enterprise_id}:
            return True
        return bool(team_id) and team_id == self.team_id

    def text(self) -> str:
        """Return it as it is kept."""
        return f"{self.team_id}/{self.enterprise_id}" if self.enterprise_id else self.team_id


def parse_home(text: str) -> SlackHome:
    """Return what `SlackHome.text` has made."""
    team_id, _, enterprise_id = text.partition("/")
    return SlackHome(team_id, enterprise_id)


def own_account(connection: Connection, settings: Settings, name: str) -> str | None:
    """Return who we are at a vendor; None until that is known for the address and the token that we have now."""
    if key_values.get(connection, name + _ASKED_WITH) != _credentials(settings, name):
        return None
    return key_values.get(connection, name) or None


def _credentials(settings: Settings, name: str) -> str:
    """Return a digest of what we ask with."""
    used = {
        # The last part makes those ask again who were told no organization by the version before.
        WORKSPACE: (settings.slack_api_url, settings.slack_bot_token, "and organization"),
        JIRA_ACCOUNT: (settings.jira_url, settings.jira_email, settings.jira_token),
    }
    return hashlib.sha256("\n".join(used[name]).encode()).hexdigest()[:32]


def refresh_our_accounts(core: Core) -> None:
    """Ask for what is not known yet, at most once a minute. Raises Unavailable."""
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
    """Keep who we are with the present token; empty while it is asked, so that nothing is held to another token's."""
    now = core.clock.now()
    key_values.save(connection, name, value, now)
    key_values.save(connection, name + _ASKED_WITH, _credentials(core.settings, name), now)
