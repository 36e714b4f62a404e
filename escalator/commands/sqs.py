"""`escalator sqs`: reads the queues of the policy's sources, as a process of its own."""

import os
import sys
from importlib.util import find_spec

import click

from escalator.errors import ConfigurationError

MISSING = "boto3 is not installed; run `pip install '.[sqs]'`, or install requirements-sqs.txt"


@click.command("sqs")
def command() -> None:
    """Read events from Amazon SQS: from each queue that a source of the policy names, until it is stopped."""
    if find_spec("boto3") is None:
        raise ConfigurationError(MISSING)
    sys.stdout.flush()
    # It publishes tasks as web does, which the core of the product may not.
    os.execv(sys.executable, [sys.executable, "-m", "workers.sqs"])  # noqa: S606  # the interpreter that runs this
