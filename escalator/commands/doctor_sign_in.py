"""`doctor` on signing in: how people can sign in, and who cannot."""

from collections.abc import Iterator

from escalator.commands.findings import Finding, Status
from escalator.model.levels import Mode
from escalator.model.policy import Policy
from escalator.services.auth.magic_links import first_admin
from escalator.services.auth.sign_in_methods import SignInMethod, available_methods
from escalator.services.core.context import Core

_WHAT = "sign-in"
_SAID = {
    SignInMethod.SANDBOX: "in the sandbox everybody chooses a name",
    SignInMethod.SLACK: "with Slack",
    SignInMethod.MAIL: "by a link sent by email",
}
_REMEDY = (
    "set SLACK_CLIENT_ID and SLACK_CLIENT_SECRET, or SMTP_URL and MAIL_FROM; "
    "until then `escalator sign-in-link PERSON` prints a link"
)


def sign_in(core: Core, policy: Policy) -> Iterator[Finding]:
    """Check how people sign in to the dashboard."""
    settings = core.settings
    offered = available_methods(settings)
    if offered:
        yield Finding(_WHAT, Status.OK, ", ".join(words for way, words in _SAID.items() if way in offered))
    else:
        yield Finding(_WHAT, Status.WARN, "no sign-in method is set up", _REMEDY)
    if (
        SignInMethod.SLACK in offered
        and settings.mode is not Mode.SANDBOX
        and not settings.base_url.startswith("https://")
    ):
        remedy = "use https:// in ESCALATOR_BASE_URL"
        yield Finding(_WHAT, Status.WARN, "Slack redirects people to plain http", remedy)
    if first_admin(policy) is None:
        remedy = "give somebody `role: admin`"
        yield Finding(
            _WHAT, Status.WARN, "nobody is an admin, so nobody can invite people or create API tokens", remedy
        )
