"""`python -m web`: checks the settings for listening, then runs gunicorn with our configuration.

Gunicorn reads WEB_CONCURRENCY while it is imported, before any file of ours, and ends with a traceback for a value that
is not a number. Here it ends with one line.
"""

import os
import sys

from escalator.settings import listen_address, raw_environment
from escalator.settings.startup import exit_if_misconfigured

GUNICORN = ("gunicorn", "--config", "python:web.gunicorn_config", "web.app:create_app()")


def main() -> None:
    """Check the settings and exec gunicorn."""
    exit_if_misconfigured(lambda: listen_address(raw_environment()))
    os.execv(sys.executable, [sys.executable, "-m", *GUNICORN])  # noqa: S606  # the interpreter that runs this


if __name__ == "__main__":
    main()
