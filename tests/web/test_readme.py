"""What README and docs say that web serves is what it serves."""

import re
from pathlib import Path

from escalator.services.monitoring.health import metrics_text
from tests.sandboxes import a_core
from web.app import create_app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DEPLOY = (ROOT / "docs" / "deploy.md").read_text()


def test_web_serves_what_the_readme_says_and_nothing_else(sqlite_url, tmp_path):
    [said] = re.findall(r"Web serves, and nothing else:\n(.*?)\n\n#", README, re.DOTALL)
    core = a_core(sqlite_url, tmp_path)
    served = {f"/{rule.rule.split('/')[1]}" for rule in create_app(core).url_map.iter_rules()}
    core.database.close()
    assert set(re.findall(r"`(/[^`]*)`", said)) == served


def test_every_metric_is_described_and_no_other(sqlite_url, tmp_path):
    core = a_core(sqlite_url, tmp_path)
    served = set(re.findall(r"^# TYPE (escalator_\w+)", metrics_text(core).decode(), re.MULTILINE))
    core.database.close()
    section = DEPLOY.partition("### Metrics")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(escalator_\w+)", section)) == served
