"""README's table of event types is what the code handles, neither more nor less."""

import re
from pathlib import Path

from escalator.stream.events import NAMED

README = (Path(__file__).parents[2] / "README.md").read_text()
PRODUCTS = ("moderation", "chat", "video")


def test_every_handled_event_is_in_the_table_once_and_nothing_else() -> None:
    section = README.partition("## Connect Stream")[2].partition("\n## ")[0]
    rows = {product: re.findall(rf"^ *\| {product} \| (.*) \|$", section, re.MULTILINE) for product in PRODUCTS}
    listed = [event for (row,) in rows.values() for event in re.findall(r"`([^`]+)`", row)]
    assert sorted(listed) == sorted(NAMED)
