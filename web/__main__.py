"""`python -m web`: gunicorn with our configuration, once the settings that it listens by have been checked.

Gunicorn reads WEB_CONCURRENCY while it is imported, before any file of ours, and ends with a traceback for a value that
is not a number. Here it ends with one line.
"""

import os
import sys

from escalator.settings import listening, written_environment
from escalator.settings.startup import or_exit

GUNICORN = ("gunicorn", "--config", "python:web.gunicorn_config", "web.app:create_app()")


def main() -> None:
    """Check the settings and become gunicorn."""
    or_exit(lambda: listening(written_environment()))
    os.execv(sys.executable, [sys.executable, "-m", *GUNICORN])  # noqa: S606  # the interpreter that runs this


if __name__ == "__main__":
    main()
