"""Whatever stands in the environment, it makes settings or one error; and that error repeats no secret."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalator.errors import ConfigurationError
from escalator.settings import Settings, listen_address, read_settings
from escalator.settings.table import SETTINGS

SECRETS = {setting.name for setting in SETTINGS if setting.is_secret}
NAMES = [setting.name for setting in SETTINGS]
SECRET = "Xq7Zk2"
"""Stands in no message of ours."""

CHARACTERS = "@:/?#[]%\"'\\ \t\r\n\0,;&=+-._~$é²\u200b\ufeff\udcff𝟘"
ODD = st.sampled_from([*CHARACTERS, "://", "%zz", "%00", "{}", "${A}"])
KNOWN = st.sampled_from([SECRET, "host", "redis", "smtp", "5432"])
PIECES = st.lists(st.one_of(ODD, st.text(max_size=4), KNOWN), max_size=12)
BEGINNINGS = st.sampled_from(
    ["", "redis://", "rediss://", "unix://", "postgres://", "sqlite:///", "smtp://", "smtps://", "https://", "http://"]
)
TEXTS = st.builds(lambda start, pieces: start + "".join(pieces), BEGINNINGS, PIECES)
ENVIRONMENTS = st.dictionaries(st.sampled_from(NAMES), TEXTS, max_size=6)


def outcome(read, values):
    """The value, or the problems of the one error that there may be."""
    try:
        return read(values), ()
    except ConfigurationError as error:
        return None, error.problems


@given(env=ENVIRONMENTS)
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_every_environment_makes_settings_or_one_error_without_a_secret(env):
    made, problems = outcome(read_settings, {"SECRET_KEY": "key", **env})
    assert bool(problems) is not isinstance(made, Settings)
    for line in problems:
        name = line.partition(":")[0]
        assert line.isprintable()
        assert name in NAMES
        assert SECRET not in line or name not in SECRETS


@given(text=TEXTS)
@settings(max_examples=200)
@pytest.mark.parametrize("name", ["PORT", "HOST", "WEB_CONCURRENCY"])
def test_where_web_listens_is_read_or_refused(name, text):
    found, problems = outcome(listen_address, {name: text})
    assert (found is None) is bool(problems)
    assert [line.partition(":")[0] for line in problems] == [name] * len(problems)
