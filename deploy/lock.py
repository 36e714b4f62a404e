"""Pin what Heroku and CI install: `make lock` writes requirements.txt, requirements-sqs.txt and requirements-dev.txt.

All are read off environments made from nothing, so they hold what setup.cfg asks for and nothing else. The one for SQS
holds only what it adds to requirements.txt.
"""

import subprocess
import tempfile
import venv
from pathlib import Path

PROJECT = "moderation-escalator"
ROOT = Path(__file__).resolve().parents[1]
HEADER = "# Written by `make lock` from setup.cfg; change the bounds there, never the pins here.\n"


def main() -> None:
    """Write the files: first what runs, then that and what the extras add, at the same versions."""
    with tempfile.TemporaryDirectory() as directory:
        environment = Path(directory)
        venv.create(environment, with_pip=True)
        running = _installed(environment, str(ROOT))
        (ROOT / "requirements.txt").write_text(f"{HEADER}{running}.\n")
        constraints = environment / "running.txt"
        constraints.write_text(running)
        with_sqs = _installed(environment, f"{ROOT}[sqs]", "--constraint", str(constraints))
        known = set(running.splitlines())
        added = "".join(f"{line}\n" for line in with_sqs.splitlines() if line not in known)
        (ROOT / "requirements-sqs.txt").write_text(f"{HEADER}{added}")
        constraints.write_text(with_sqs)
        testing = _installed(environment, f"{ROOT}[test]", "--constraint", str(constraints))
        (ROOT / "requirements-dev.txt").write_text(f"{HEADER}{testing}")


def _installed(environment: Path, *what: str) -> str:
    pip = [str(environment / "bin" / "python"), "-m", "pip"]
    subprocess.run([*pip, "install", "--quiet", *what], check=True)
    freeze = [*pip, "freeze", "--exclude", PROJECT]
    return subprocess.run(freeze, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
