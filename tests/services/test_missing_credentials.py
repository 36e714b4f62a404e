"""What a policy's ways out need of the environment."""

import pytest

from escalator.policy.parse import load
from escalator.services.core.missing_credentials import missing_required
from escalator.settings import read_settings
from tests.policy.files import minimal

SET = {"SECRET_KEY": "x", "SMTP_URL": "smtp://mail.example.com", "MAIL_FROM": "alerts@example.com"}
SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "x"}
BY_MAIL = minimal(("slack: U0ANA,", "email: ana@example.com,"))


@pytest.mark.parametrize(
    ("policy", "env", "names"),
    [
        pytest.param(BY_MAIL, {}, ["ESCALATOR_BASE_URL"], id="links in mails lead to an address that is set"),
        pytest.param(BY_MAIL, {"ESCALATOR_BASE_URL": "https://escalator.example.com"}, [], id="it is set"),
        pytest.param(minimal(), {}, [], id="without mails nothing leads there"),
    ],
)
def test_whoever_is_told_by_mail_needs_an_address_to_answer_at(
    policy: str, env: dict[str, str], names: list[str]
) -> None:
    settings = read_settings({**SET, **SLACK, **env})
    assert [one.name for one in missing_required(settings, load(policy, {}))] == names
