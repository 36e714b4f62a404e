"""What the README says that web serves is what it serves."""

import re
from pathlib import Path

from tests.sandboxes import a_core
from web.app import create_app

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_web_serves_what_the_readme_says_and_nothing_else(sqlite_url, tmp_path):
    [said] = re.findall(r"Web serves, and nothing else:\n(.*?)\n\n#", README, re.DOTALL)
    core = a_core(sqlite_url, tmp_path)
    served = {f"/{rule.rule.split('/')[1]}" for rule in create_app(core).url_map.iter_rules()}
    core.database.close()
    assert set(re.findall(r"`(/[^`]*)`", said)) == served
