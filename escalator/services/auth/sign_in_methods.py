"""The ways to sign in: of all, and of one person."""

from enum import StrEnum

from escalator.model.levels import Mode
from escalator.model.policy import Person
from escalator.services.core.contacts import person_with_email
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.settings import Settings


class SignInMethod(StrEnum):
    """A way to sign in."""

    SANDBOX = "sandbox"
    SLACK = "slack"
    MAIL = "mail"


def can_mail(settings: Settings) -> bool:
    """Whether links can be emailed; not in a sandbox."""
    return settings.mode is not Mode.SANDBOX and bool(settings.smtp_url and settings.mail_from)


def available_methods(settings: Settings) -> frozenset[SignInMethod]:
    """Return the ways that this installation offers; without any, the command `escalator` makes links."""
    offered = {
        SignInMethod.SANDBOX: settings.mode is Mode.SANDBOX,
        SignInMethod.SLACK: settings.has_slack_sign_in,
        SignInMethod.MAIL: can_mail(settings),
    }
    return frozenset(method for method, is_offered in offered.items() if is_offered)


def methods_for_person(core: Core, person: Person, running: RunningPolicy) -> frozenset[SignInMethod]:
    """Return one person's ways: Slack needs their Slack id or email address, email an address of their own."""
    email = core.expand(person.email or "").strip()
    is_own = person_with_email(running.policy, core.expand, email) is not None
    by_slack = bool(core.expand(person.slack or "")) or (is_own and bool(core.settings.slack_bot_token))
    has = {SignInMethod.SANDBOX: True, SignInMethod.SLACK: by_slack, SignInMethod.MAIL: is_own}
    return frozenset(method for method in available_methods(core.settings) if has[method])
