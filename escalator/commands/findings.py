"""What `doctor` and `stream` find: one line for each check."""

from dataclasses import dataclass
from enum import StrEnum

import click

UNREACHED_REMEDY = "check the network, the firewall and the address, or try again in a moment"


class Status(StrEnum):
    """The result of a check: only FAIL makes the exit code 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


_COLOURS = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was checked, what was found, and the remedy."""

    what: str
    status: Status
    found: str
    remedy: str = ""


def finding_line(finding: Finding) -> str:
    """Return `fail  redis: cannot be reached; check REDIS_URL`, coloured where the terminal has colours."""
    remedy = f"; {finding.remedy}" if finding.remedy else ""
    status = click.style(f"{finding.status.value:<4}", fg=_COLOURS[finding.status])
    return f"{status}  {finding.what}: {finding.found}{remedy}"
