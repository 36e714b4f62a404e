"""`escalator sample`: a realistic signed event, posted to a running instance as Stream would."""

from collections.abc import Mapping

import click
import requests
from uuid6 import uuid7

from escalator.channels.deadline_socket import Limits
from escalator.channels.http import BROKEN
from escalator.channels.sessions import bounded
from escalator.clock import SystemClock
from escalator.commands.open_core import Misused, running_policy
from escalator.model.levels import Mode
from escalator.model.policy import Policy
from escalator.policy import expand
from escalator.settings import base_url, environment
from escalator.stream.samples import DEFAULT, SAMPLES, sample
from escalator.stream.signature import sign

_LIMITS = Limits(socket_s=10.0, total_s=15.0)
_HINTS = {
    401: "the instance has another key or secret: does it run with the same policy and environment as this command?",
    404: "that is not an escalator, or not its address: name it with --url",
    503: "the instance cannot store an event now: look at /readyz and at `escalator doctor`",
}


@click.command("sample")
@click.argument("name", default=DEFAULT)
@click.option("--url", help="Where the instance is; ESCALATOR_BASE_URL or this machine's port if you name none.")
@click.option("--item", help="The item that it is about, as printed by an earlier sample; a new one if you name none.")
@click.option("--list", "is_list", is_flag=True, help="Say which samples there are.")
@click.option("--drill", is_flag=True, help="Yes, in production: real people are told.")
def command(name: str, url: str | None, item: str | None, *, is_list: bool, drill: bool) -> None:
    """Post a realistic event, signed as Stream signs, with new ids each time."""
    if is_list:
        _print_names()
        return
    if name not in SAMPLES:
        raise Misused(f"{name!r} is no sample; known: {', '.join(SAMPLES)}")
    env = environment()
    address = (url or base_url(env)).rstrip("/")
    key, secret = _credentials(running_policy(env), env)
    mode = _mode(address)
    if Mode.PRODUCTION in {env.get("ESCALATOR_MODE"), mode} and not drill:
        raise Misused("this is production, where a sample tells real people; add --drill if that is what you want")
    item_id = item or str(uuid7())
    body = sample(name, SystemClock().now(), lambda: str(uuid7()), item_id)
    status = _post(address, body, {"X-Api-Key": key, "X-Signature": sign(body, secret), "X-Webhook-Id": str(uuid7())})
    if status != requests.codes.ok:
        raise click.ClickException(f"{address} answered {status}; {_HINTS.get(status, 'look at its log')}")
    click.echo(f"{status} accepted: {SAMPLES[name].about} (item {item_id})")
    click.echo(f"Look at {f'{address}/sandbox, or at ' if mode == Mode.SANDBOX else ''}`escalator incidents`.")


def _print_names() -> None:
    width = max(map(len, SAMPLES))
    for name, one in SAMPLES.items():
        click.echo(f"{name:<{width}}  {one.about}")


def _credentials(policy: Policy, env: Mapping[str, str]) -> tuple[str, str]:
    """Return key and secret of the first source that is on."""
    for source in policy.sources.values():
        key = expand(source.api_key, env)
        secrets = [secret for one in source.api_secrets if (secret := expand(one, env)).strip()]
        if key and secrets:
            return key, secrets[0]
    raise click.ClickException("no source of the policy has both a key and a secret; set the names that it asks for")


def _mode(address: str) -> str:
    """Return the mode that the instance itself is in: it may run elsewhere, and not as this shell would."""
    answer = _asked("GET", f"{address}/readyz", b"", {})
    try:
        told = answer.json()
    except ValueError:
        return ""
    return str(told.get("mode", "")) if isinstance(told, dict) else ""


def _post(address: str, body: bytes, headers: Mapping[str, str]) -> int:
    return _asked(
        "POST", f"{address}/webhooks/stream", body, {"Content-Type": "application/json", **headers}
    ).status_code


def _asked(method: str, url: str, body: bytes, headers: Mapping[str, str]) -> requests.Response:
    try:
        with bounded(requests.Session(), _LIMITS) as session:
            return session.request(method, url, data=body, headers=dict(headers), allow_redirects=False)
    except requests.TooManyRedirects as error:
        raise click.ClickException(
            f"{url} redirects elsewhere; name the address of the instance itself with --url"
        ) from error
    except BROKEN as error:
        right = "start one with `escalator run`, or say where it is with --url"
        raise click.ClickException(f"nothing answers at {url} ({type(error).__name__}); {right}") from error
