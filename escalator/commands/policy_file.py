"""The policy that a command is about: a file, or the demo's."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from escalator.commands.arguments import read
from escalator.model.policy import Policy
from escalator.policy.parse import load
from escalator.settings import policy_file

DEMO = files("escalator.policy").joinpath("demo.yml")
"""The policy of an installation that has none: for the sandbox only."""


def running_policy(env: Mapping[str, str], named: Path | None = None) -> Policy:
    """Return the policy of that file, else of ESCALATOR_POLICY, else the demo's, as `run` does.

    Raises Misused for a file that cannot be read, and PolicyError for one with problems.
    """
    path = named or policy_file(env)
    if named is None and not env.get("ESCALATOR_POLICY") and not path.exists():
        return load(DEMO.read_bytes(), env, DEMO.name)
    return load(read(path), env, str(path))
