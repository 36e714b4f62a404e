"""Production need not import the sandbox: a process that sends and serves has not, until somebody asks for it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

_SCRIPT = """
import json, re, sys
from escalator.bootstrap import build
from escalator.model.levels import Mode
from escalator.settings import read_settings
from web.app import create_app
import workers.app
core = build(read_settings(json.loads(sys.argv[1])))
app = create_app(core)
assert core.channels(Mode.PRODUCTION) and core.slack(Mode.PRODUCTION)
assert app.test_client().get("/sandbox").status_code == 404
is_sandbox = re.compile("escalator[.](sandbox.*|channels[.].*[.]sandbox)").fullmatch
before = [name for name in sys.modules if is_sandbox(name)]
assert core.channels(Mode.SANDBOX)
after = [name for name in sys.modules if name.startswith("escalator.sandbox")]
print(json.dumps([before, after]))
"""


@pytest.mark.parametrize("mode", ["production", "divert"])
def test_production_does_not_import_the_sandbox(tmp_path, mode):
    values = {"SECRET_KEY": "x" * 40, "ESCALATOR_VAR": str(tmp_path), "ESCALATOR_MODE": mode}
    done = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", _SCRIPT, json.dumps(values)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    before, after = json.loads(done.stdout.splitlines()[-1])
    assert before == []
    assert "escalator.sandbox.registry" in after
