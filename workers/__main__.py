"""`python -m workers`: the worker of `escalator run`, with four threads.

It is what `celery -A workers.app worker` starts, without Celery's command line, whose shell takes 5 MB and a tenth of a
second. Garbage is not collected before the worker is complete: imports leave none, and what they make stays.
"""

import gc
import sys
from importlib import import_module


def main() -> None:
    """Work until told to end."""
    gc.disable()
    app = import_module("workers.app").app
    options = {"without_gossip": True, "without_mingle": True}
    worker = app.Worker(pool_cls="threads", concurrency=4, loglevel="INFO", quiet=True, **options)
    gc.freeze()
    gc.enable()
    worker.start()
    sys.exit(worker.exitcode)


if __name__ == "__main__":
    main()
