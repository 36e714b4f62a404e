"""`escalator init`: a commented policy to start from."""

from importlib.resources import files
from pathlib import Path

import click

from escalator.settings import environment, policy_file

_STARTER = files("escalator.policy").joinpath("starter.yml")


@click.command("init")
@click.argument("file", required=False, type=click.Path(path_type=Path))
def command(file: Path | None) -> None:
    """Write a commented policy to start from; an existing file is never overwritten.

    FILE defaults to ESCALATOR_POLICY or escalation.yml.
    """
    path = file or policy_file(environment())
    try:
        with path.open("xb") as new:
            new.write(_STARTER.read_bytes())
    except FileExistsError as error:
        raise click.ClickException(f"{path} already exists and was not changed; name another file") from error
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}; name a file that can be written") from error
    click.echo(f"Wrote {path}.")
    click.echo(f"Next: edit it, then `escalator check {path}`, then `escalator run`.")
