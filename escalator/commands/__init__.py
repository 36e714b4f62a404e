"""The command line `escalator`. Exit codes serve CI: 0 good, 1 found problems, 2 misused.

Each command is imported only when it is asked for: the supervisor of `run`, which lives as long as everything else
and starts from this package, would otherwise hold the memory of libraries that it never uses.
"""

from importlib import import_module

import click

from escalator.errors import ConfigurationError, EscalatorError, PolicyError, Unavailable

_COMMANDS = {
    "run": "Start everything on this machine: web, worker, clock, broker.",
    "check": "Say everything that is wrong with a policy file.",
    "explain": "Say what an event would do, minute by minute.",
    "oncall": "Say who is on call, now and next.",
    "coverage": "Prove that somebody always answers, or say when nobody does.",
    "init": "Write a commented policy to start from.",
    "sample": "Post a realistic signed event to a running instance.",
    "incidents": "List incidents, or tell the story of one.",
    "hold": "Keep the content of an incident from being deleted, or end that.",
    "unreadable": "List signed requests that are not events, or read one.",
    "silence": "Silence a category or a route for a while, end that, or list what is silenced.",
    "policy": "Show which policies have run, and how they differ.",
    "backtest": "Say who would have been told differently by another policy.",
    "drill": "List drills and their results, or begin one now.",
    "audit": "Export or verify the audit trail.",
    "sign-in-link": "Print a link that signs somebody in once.",
    "doctor": "Say whether everything is reachable and everybody can be told.",
    "test-destination": "Send one destination or person a message that says it is a test.",
    "reseal": "Encrypt all content with the newest CONTENT_KEY, so that older keys can be removed.",
    "migrate": "Bring the database to the newest schema.",
}


def one_line(error: Exception) -> str:
    """Return what an error says, on one line, whatever a driver has written into it."""
    return " ".join(str(error).split())


class _Commands(click.Group):
    """The commands by name, each in the module of that name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every name, in the order in which people need them."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        found: click.Command = import_module(f"escalator.commands.{cmd_name.replace('-', '_')}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each command is for, without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; an error of ours is told in its own words."""
        try:
            return super().invoke(ctx)
        except PolicyError as error:
            raise click.ClickException(str(error)) from error
        except Unavailable as error:
            told = f"the database cannot be asked ({one_line(error)}); look at DATABASE_URL"
            raise click.ClickException(told) from error
        except ConfigurationError as error:
            raise click.ClickException("\n".join(one_line(Exception(line)) for line in error.problems)) from error
        except EscalatorError as error:
            raise click.ClickException(one_line(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="moderation-escalator", prog_name="escalator")
def main() -> None:
    """Escalate moderation alerts until a human has acknowledged them.

    Exit codes: 0 good, 1 found problems, 2 misused.
    """
