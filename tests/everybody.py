"""An installation in production with somebody of every role, and incidents of which one is restricted."""

from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import select

from escalator.model.levels import Role
from escalator.services.auth import api_tokens, sessions
from escalator.services.auth.api_tokens import Scope
from escalator.services.auth.viewer import Viewer
from escalator.services.core.context import Core
from escalator.services.intake.process import process_events
from escalator.services.intake.receive import WebhookReceiver, WebhookRequest
from escalator.store.tables import incidents
from escalator.stream.samples import sample
from escalator.stream.signature import sign
from tests.policy.files import EXAMPLE
from tests.sandboxes import a_core
from web.session import CSRF_HEADER, cookie_name, csrf_token

SECRET_AUTHOR = "author-of-what-is-restricted"
INSIDE = {"senior_inside": "dana", "moderator_inside": "ana"}
OUTSIDE = {
    "auditor": "ada",
    "viewer": "vic",
    "moderator": "mo",
    "senior": "sen",
    "admin": "eli",
}
PEOPLE = OUTSIDE | INSIDE
ROLES = {
    "auditor": Role.AUDITOR,
    "viewer": Role.VIEWER,
    "moderator": Role.MODERATOR,
    "senior": Role.SENIOR,
    "admin": Role.ADMIN,
    "senior_inside": Role.SENIOR,
    "moderator_inside": Role.MODERATOR,
}
_MORE = """\
people:
  ada: {name: Ada Audit, role: auditor}
  vic: {name: Vic View, role: viewer}
  mo:  {name: Mo Outside, slack: U0MO}
  sen: {name: Sen Outside, slack: U0SEN, role: senior}
"""
_SECRETS = {
    "STREAM_API_KEY": "key",
    "STREAM_API_SECRET": "secret",
    "PAGERDUTY_ROUTING_KEY": "r" * 32,
    "BI_WEBHOOK_SECRET": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_SIGNING_SECRET": "signing",
    "SMTP_URL": "smtp+insecure://127.0.0.1:9",
    "MAIL_FROM": "escalator@example.com",
    "JIRA_URL": "https://jira.example.com",
    "JIRA_EMAIL": "bot@example.com",
    "JIRA_TOKEN": "token",
    "PAGERDUTY_API_TOKEN": "token",
    "PAGERDUTY_WEBHOOK_SECRET": "secret",
    "JIRA_WEBHOOK_SECRET": "secret",
    "ESCALATOR_BASE_URL": "http://localhost:8000",
    "CONTENT_KEY": "another-secret-of-the-tests",
}


def in_production(database_url, folder) -> Core:
    """A process in production on the example's policy that sends nothing: three open incidents, one restricted."""
    policy = EXAMPLE.replace("people:\n", _MORE, 1)
    core = a_core(database_url, folder, policy=policy, ESCALATOR_MODE="production", **_SECRETS)
    receiver = WebhookReceiver(core)
    for name, author in (("threat", "user-42"), ("csam_report", SECRET_AUTHOR), ("self_harm", "user-42")):
        body = sample(name, core.clock.now(), lambda: str(uuid4())).replace(b"user-42", author.encode())
        receiver.receive(WebhookRequest(body, "key", sign(body, "secret"), str(uuid4())))
        process_events(core)
    return core


def number_of(core: Core, category: str) -> int:
    """The number of the incident of this category."""
    with core.database.reading() as connection:
        return connection.execute(select(incidents.c.number).where(incidents.c.category == category)).scalar_one()


def a_token(core: Core, person: str, *scopes: Scope) -> str:
    """A token that acts for somebody. Whom the admin may make none for gets one by way of somebody who may know."""
    with core.database.reading() as connection:
        people = core.policies.required(connection).policy.people
    made = api_tokens.create_token(core, Viewer(people["eli"]), person, "of a test", scopes, timedelta(days=1))
    assert isinstance(made, str), made
    return made


def by_token(token: str) -> dict[str, str]:
    """The headers of a machine."""
    return {"Authorization": f"Bearer {token}"}


class Desk:
    """One application for many browsers: each request is made by whom it names."""

    def __init__(self, core: Core, app) -> None:
        self.core, self._app = core, app

    def ask(self, method, path, person=None, headers=None, **options):
        """Ask as a page of ours does for somebody who has just signed in; as nobody when none is named."""
        client = self._app.test_client()
        proof = {}
        if person is not None:
            session = sessions.start_session(self.core, person, "link")
            client.set_cookie(cookie_name(self.core), session)
            proof = {CSRF_HEADER: csrf_token(self.core, session)}
        return client.open(path, method=method, headers=proof | (headers or {}), buffered=True, **options)


@contextmanager
def on_a_copy(template, folder):
    """Give a core in production on a copy of that empty SQLite database."""
    database = folder / "escalator.db"
    database.write_bytes(template.read_bytes())
    core = in_production(f"sqlite:///{database}", folder)
    yield core
    core.database.close()
