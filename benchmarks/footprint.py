"""Memory of the embedded default: everything that `escalator run` starts."""

import os
import signal
import subprocess
import sys
import tempfile
import time

from benchmarks.processes import pss_mb, tree
from benchmarks.stack import ROOT, die_with_parent, free_port, wait_for


def memory() -> list[str]:
    """Everything on the embedded default, after a sample has gone through it."""
    port = free_port()
    folder = tempfile.mkdtemp(prefix="bench-")
    environment = {**os.environ, "PORT": str(port), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "escalator"]
    running = subprocess.Popen(
        [*command, "run"], cwd=folder, env=environment, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/readyz")
        subprocess.run([*command, "sample"], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
        time.sleep(30)
        used = pss_mb(tree(running.pid))
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)
    return [f"| memory (PSS) of everything on the embedded default | {used:.0f} MB | – | under 220 MB |"]
