"""Everything bare, as one program: Flask under gunicorn, a Celery worker and Valkey, started at once. No database."""

import os
import subprocess
import sys
import tempfile

from benchmarks.stack import die_with_parent, free_port
from benchmarks.start import BARE_CELERY, BARE_GUNICORN
from tests.servers import redis_binary


def main() -> None:
    """Start it on PORT; it ends with this process."""
    broker_port = str(free_port())
    environment = {**os.environ, "REDIS_URL": f"redis://127.0.0.1:{broker_port}/0", "WEB_CONCURRENCY": "1"}
    gunicorn = (*BARE_GUNICORN, "--bind", f"127.0.0.1:{os.environ['PORT']}", "benchmarks.bare:pipeline()")
    commands = (
        (str(redis_binary()), "--port", broker_port, "--save", "", "--dir", tempfile.gettempdir()),
        (sys.executable, *BARE_CELERY),
        (sys.executable, *gunicorn),
    )
    children = [subprocess.Popen(command, env=environment, preexec_fn=die_with_parent) for command in commands]
    for child in children:
        child.wait()


if __name__ == "__main__":
    main()
