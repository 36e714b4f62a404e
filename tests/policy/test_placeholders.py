"""`${NAME}` is replaced when it is used."""

import pytest

from escalator.policy.placeholders import expand, is_malformed, unset_names

ENV = {"KEY": "k", "EMPTY": "", "NESTED": "${KEY}"}


@pytest.mark.parametrize(
    ("text", "means", "unset"),
    [
        pytest.param("plain", "plain", (), id="a text without names is itself"),
        pytest.param("${KEY}", "k", (), id="a name is its value"),
        pytest.param("a-${KEY}-${KEY}", "a-k-k", (), id="names stand anywhere in a text"),
        pytest.param("${NONE}", "", ("NONE",), id="an unset name is nothing"),
        pytest.param("${EMPTY}", "", ("EMPTY",), id="an empty one counts as unset"),
        pytest.param("${NONE:-x y}", "x y", (), id="a default stands for an unset name"),
        pytest.param("${EMPTY:-x}", "x", (), id="a default stands for an empty one"),
        pytest.param("${KEY:-x}", "k", (), id="a default yields to a value"),
        pytest.param("${NONE:-}", "", (), id="an empty default is a decision"),
        pytest.param("${NONE}${OTHER}${NONE}", "", ("NONE", "OTHER"), id="each unset name is told once"),
        pytest.param("${NESTED}", "${KEY}", (), id="a value is not expanded again"),
        pytest.param("$KEY {KEY} ${KEY-NAME}", "$KEY {KEY} ${KEY-NAME}", (), id="nothing else is replaced"),
    ],
)
def test_expanding(text: str, means: str, unset: tuple[str, ...]) -> None:
    assert expand(text, ENV) == means
    assert unset_names(text, ENV) == unset


@pytest.mark.parametrize(
    ("text", "malformed"),
    [("${KEY}", False), ("${KEY:-a}", False), ("$KEY", False), ("${KEY", True), ("${1}", True), ("${A:-${B}}", True)],
)
def test_what_only_looks_like_a_name(text: str, malformed: bool) -> None:
    assert is_malformed(text) is malformed
