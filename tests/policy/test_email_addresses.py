"""One rule for mail addresses: what the policy takes, the channel can send to, and the other way round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalator.channels.email.addresses import address, sender
from escalator.errors import ConfigurationError
from escalator.model.email_address import parse_mailbox
from escalator.policy.parse import parse
from escalator.settings import read_settings
from tests.policy.files import minimal

PIECES = [
    "a",
    "Z",
    "9",
    ".",
    "-",
    "_",
    "+",
    "@",
    " ",
    '"',
    "<",
    ">",
    "(",
    ",",
    ":",
    ";",
    "\\",
    "ä",
    "日本",
    "com",
    "localhost",
]
WRITTEN = st.lists(st.sampled_from([*PIECES, "example.com", "\u00ad", "ß", "[127.0.0.1]"]), max_size=8).map("".join)
REACHED = [
    "leads@example.com",
    "a.b+c@x-y.example",
    "root@localhost",
    "o'neil@example.com",
    "ana@bücher.example",
    "ana@例え.jp",
]
NOT_REACHED = [
    *(
        "",
        "leads",
        "@example.com",
        "leads@",
        "a@b@example.com",
        "a b@example.com",
        "leads@example..com",
        ".a@example.com",
    ),
    *("leads@-example.com", "leads@exa_mple.com", "leads@127.0.0.1", "leads@[127.0.0.1]", '"a b"@example.com'),
    *(
        "jörg@example.com",
        "leads@example.com.",
        f"{'a' * 65}@example.com",
        f"a@{'a' * 64}.com",
        "a@" + "a." * 70 + "com",
    ),
    *("Leads <leads@example.com>", "leads@example.com,x@example.com", "leads@exam ple.com", "leads@a\u200bb.com"),
]


def policy_takes(written: str) -> bool:
    text = minimal(('{slack: "#alerts", urgent: true}', "{email: [x], urgent: true}")).replace("[x]", _yaml(written))
    return not any(problem.path.startswith("destinations.alerts.email") for problem in parse(text, {}).errors)


def _yaml(written: str) -> str:
    return "['" + written.replace("'", "''") + "']"


@pytest.mark.parametrize("written", REACHED)
def test_what_a_mail_can_reach_is_taken_everywhere(written):
    made = address(written)
    assert made is not None
    assert made.addr_spec.isascii()
    assert sender(f"Escalator <{written}>").addr_spec == made.addr_spec
    assert read_settings({"SECRET_KEY": "k", "MAIL_FROM": written, "JIRA_EMAIL": written}).mail_from == written
    assert policy_takes(written)


@pytest.mark.parametrize("written", NOT_REACHED)
def test_what_no_mail_reaches_is_taken_nowhere(written):
    assert parse_mailbox(written) is None
    assert address(written) is None
    assert not policy_takes(written)


@pytest.mark.parametrize("written", [one for one in NOT_REACHED if one and not one.startswith("Leads <")])
def test_what_no_mail_comes_from_is_refused_at_the_start(written):
    with pytest.raises(ConfigurationError, match="^MAIL_FROM: "):
        read_settings({"SECRET_KEY": "k", "MAIL_FROM": written})


@given(written=WRITTEN)
def test_policy_and_channel_agree_about_whatever_is_written(written):
    made = address(written)
    assert policy_takes(written) is (made is not None)
    assert made is None or (made.addr_spec.isascii() and made.addr_spec.count("@") == 1)


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        ("slack: U0ANA", 'email: "${VALUE}"', "jörg@example.com"),
        ("slack: U0ANA", 'email: "${VALUE}"', '"ana@example.com"'),
        ('slack: "#alerts"', 'webhook: "${VALUE}"', "bi.example.com/hook?token=hunter2"),
        ("api_secret: secret", 'api_secret: "${VALUE}"', "'hunter2'"),
        ("api_secret: secret", 'api_secret: "${VALUE}"', "hunter2\r"),
        ("api_key: key", 'api_key: "${VALUE}"', "hunter2 "),
        ('slack: "#alerts"', 'slack: "${VALUE}"', "'#alerts'"),
    ],
)
def test_a_value_of_the_environment_that_cannot_work_is_told_where_it_is_asked_for(old, new, value):
    text = minimal((old, new))
    told = [one for one in parse(text, {"VALUE": value}).problems if "is not valid" in one.what]
    assert [(one.is_warning, one.blocks_production) for one in told] == [(True, True)]
    assert value.strip("\"'\r ") not in told[0].as_line("")


def test_a_value_that_works_is_not_told():
    text = minimal(("slack: U0ANA", 'email: "${VALUE}"'))
    assert (
        parse(text, {"VALUE": "ana@example.com"}).problems
        == parse(minimal(("slack: U0ANA", "email: ana@example.com")), {}).problems
    )
