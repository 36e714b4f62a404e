"""Run every measurement and print a Markdown table: `python -m benchmarks [NAME ...]` (make bench)."""

import sys
from collections.abc import Callable

from benchmarks import (
    commands,
    cost,
    coverage,
    deadlines,
    everywhere,
    footprint,
    hanging,
    pages,
    pipeline,
    reconcile,
    start,
    storm,
)

MEASUREMENTS: dict[str, Callable[[], list[str]]] = {
    "cost": cost.cost,
    "intake": pipeline.intake,
    "idle": pipeline.idle,
    "burst": pipeline.burst,
    "lateness": deadlines.lateness,
    "pending": deadlines.pending,
    "kill": deadlines.kill,
    "start": start.start,
    "ready": commands.ready,
    "commands": commands.commands,
    "everywhere": everywhere.everywhere,
    "storm": storm.storm,
    "hanging": hanging.hanging,
    "memory": footprint.memory,
    "coverage": coverage.coverage,
    "pages": pages.pages,
    "reconcile": reconcile.reconcile,
}
"""Each returns rows of the table: what, ours, baseline, ratio or bound."""


def main() -> None:
    """Run what was asked for, else everything."""
    names = sys.argv[1:] or list(MEASUREMENTS)
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        sys.exit(f"no measurement called {', '.join(unknown)}; there are {', '.join(MEASUREMENTS)}")
    print("| what | ours | beside it | must reach |\n|---|---|---|---|", flush=True)
    for name in names:
        for row in MEASUREMENTS[name]():
            print(row, flush=True)


if __name__ == "__main__":
    main()
