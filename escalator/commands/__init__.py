"""The command line `escalator`. Exit codes serve CI: 0 good, 1 found problems, 2 misused.

Each command is imported only when it is used: the supervisor of `run`, which runs all the time and starts from this
package, would otherwise hold the memory of libraries that it never uses.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import click

from escalator.errors import ConfigurationError, EscalatorError, PolicyError, Unavailable

_COMMANDS = {
    "run": "Start everything on this machine: web, worker, clock, broker.",
    "check": "Check a policy file and list every problem.",
    "explain": "Show whom an event would notify, and when.",
    "oncall": "Show who is on call, now and next.",
    "coverage": "Check that somebody is notified at every minute of the coming weeks.",
    "init": "Write a commented policy to start from.",
    "sample": "Post a realistic signed event to a running instance.",
    "incidents": "List incidents, or show the timeline of one.",
    "hold": "Put an incident's content on legal hold, or lift the hold.",
    "unreadable": "List signed requests that could not be read as events, or show one.",
    "silence": "Silence a category or a route, end a silence, or list silences.",
    "policy": "Show the versions of the policy, and how they differ.",
    "backtest": "Compare whom two policies would have notified of past events.",
    "drill": "List drills and their results, or start one now.",
    "audit": "Export or verify the audit log.",
    "sign-in-link": "Print a sign-in link that works once.",
    "stream": "Check how the apps of your sources are set up at Stream, and connect them.",
    "sqs": "Read events from Amazon SQS (needs the extra `sqs`).",
    "doctor": "Check that everything can be reached and everybody can be notified.",
    "test-destination": "Send a test message to a destination or a person.",
    "reseal": "Encrypt all content again with the newest CONTENT_KEY, so that older keys can be removed.",
    "migrate": "Migrate the database to the newest schema.",
}

_MODULES = {"hold": "legal_hold", "unreadable": "unreadable_requests"}
"""Modules of commands whose names are not clear as file names; the others have the command's name."""


def one_line(error: Exception) -> str:
    """Return the message of an error on one line."""
    return " ".join(str(error).split())


@contextmanager
def shown_errors() -> Iterator[None]:
    """Show our own errors with their messages."""
    try:
        yield
    except PolicyError as error:
        raise click.ClickException(str(error)) from error
    except Unavailable as error:
        message = f"the database cannot be reached ({one_line(error)}); check DATABASE_URL"
        raise click.ClickException(message) from error
    except ConfigurationError as error:
        raise click.ClickException("\n".join(one_line(Exception(line)) for line in error.problems)) from error
    except EscalatorError as error:
        raise click.ClickException(one_line(error)) from error


def module_of(command: str) -> str:
    """Return the name of a command's module."""
    return _MODULES.get(command, command.replace("-", "_"))


def _imported(name: str) -> click.Command:
    """Import a command's module.

    Importing allocates much and leaves no garbage, and what it makes stays: searching all of it for garbage, again and
    again and at the end once more, would take a quarter of the time of a short command.
    """
    gc.disable()
    command: click.Command = import_module(f"escalator.commands.{module_of(name)}").command
    gc.freeze()
    gc.enable()
    return command


class _Commands(click.Group):
    """The commands by name, each in a module of its own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every name, in the order in which people need them."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        return _imported(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help of each command, without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; show our own errors with their messages."""
        with shown_errors():
            return super().invoke(ctx)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="moderation-escalator", prog_name="escalator")
def main() -> None:
    """Escalate moderation alerts until a human has acknowledged them.

    Exit codes: 0 good, 1 found problems, 2 misused.
    """
