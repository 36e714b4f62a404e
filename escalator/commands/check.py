"""`escalator check`: the problems of a policy file, one line each."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from escalator.commands.arguments import read
from escalator.policy.parse import ParsedPolicy, parse
from escalator.settings import environment, policy_file


@click.command("check")
@click.argument("policy", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.pass_context
def command(ctx: click.Context, policy: Path | None, *, as_json: bool, strict: bool) -> None:
    """Check a policy file. Every problem is one line: FILE:LINE: path: what is wrong; what to write instead.

    POLICY defaults to ESCALATOR_POLICY or escalation.yml. Exits 1 with errors, 0 with warnings only.
    """
    env = environment()
    path = policy or policy_file(env)
    parsed = parse(read(path), env)
    if as_json:
        click.echo(json.dumps(_document(str(path), parsed), indent=2, ensure_ascii=False))
    else:
        for problem in parsed.problems:
            click.echo(problem.as_line(str(path)))
        click.echo(_summary(str(path), parsed), err=True)
    ctx.exit(1 if parsed.errors or (strict and parsed.warnings) else 0)


def _document(file: str, parsed: ParsedPolicy) -> dict[str, object]:
    problems = [asdict(problem) for problem in parsed.problems]
    counts = {"errors": len(parsed.errors), "warnings": len(parsed.warnings)}
    return {"file": file, "ok": not parsed.errors, **counts, "problems": problems}


def _summary(file: str, parsed: ParsedPolicy) -> str:
    verdict = "cannot be used" if parsed.errors else "can be used"
    return f"{file} {verdict}: {_count(len(parsed.errors), 'error')}, {_count(len(parsed.warnings), 'warning')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
