"""`escalator sample`: a realistic signed event, posted to a running instance as Stream would."""

from collections.abc import Mapping

import click
import requests
from uuid6 import uuid7

from escalator.channels.deadline_socket import Limits
from escalator.channels.http import BROKEN
from escalator.channels.http_sessions import bounded
from escalator.clock import SystemClock
from escalator.commands.arguments import Misused
from escalator.commands.policy_file import running_policy
from escalator.model.levels import Mode
from escalator.model.policy import Policy
from escalator.policy.placeholders import expand
from escalator.settings import base_url, environment
from escalator.stream.samples import DEFAULT, SAMPLES, sample
from escalator.stream.signature import sign

_LIMITS = Limits(socket_s=10.0, total_s=15.0)
_HINTS = {
    401: "the instance uses another key or secret: run this command with the same policy and environment",
    404: "this is not the address of an escalator; name it with --url",
    503: "the instance cannot store events now: see /readyz and `escalator doctor`",
}


@click.command("sample")
@click.argument("name", default=DEFAULT)
@click.option("--url", help="The address of the instance; default: ESCALATOR_BASE_URL, or this machine's PORT.")
@click.option("--item", help="The item, as printed by an earlier sample; default: a new one.")
@click.option("--list", "is_list", is_flag=True, help="List the samples.")
@click.option("--drill", is_flag=True, help="Confirm in production: real people are notified.")
def command(name: str, url: str | None, item: str | None, *, is_list: bool, drill: bool) -> None:
    """Post a realistic event, signed as Stream signs, with new ids each time."""
    if is_list:
        _print_names()
        return
    if name not in SAMPLES:
        raise Misused(f"{name!r} is not a sample; known: {', '.join(SAMPLES)}")
    env = environment()
    address = (url or base_url(env)).rstrip("/")
    key, secret = _credentials(running_policy(env), env)
    mode = _mode(address)
    if Mode.PRODUCTION in {env.get("ESCALATOR_MODE"), mode} and not drill:
        raise Misused("this is production: a sample notifies real people; add --drill to confirm")
    item_id = item or str(uuid7())
    body = sample(name, SystemClock().now(), lambda: str(uuid7()), item_id)
    status = _post(address, body, {"X-Api-Key": key, "X-Signature": sign(body, secret), "X-Webhook-Id": str(uuid7())})
    if status != requests.codes.ok:
        raise click.ClickException(f"{address} returned {status}; {_HINTS.get(status, 'look at its log')}")
    click.echo(f"{status} accepted: {SAMPLES[name].about} (item {item_id})")
    click.echo(f"See {f'{address}/sandbox or ' if mode == Mode.SANDBOX else ''}`escalator incidents`.")


def _print_names() -> None:
    width = max(map(len, SAMPLES))
    for name, known in SAMPLES.items():
        click.echo(f"{name:<{width}}  {known.about}")


def _credentials(policy: Policy, env: Mapping[str, str]) -> tuple[str, str]:
    """Return key and secret of the first source that is on."""
    for source in policy.sources.values():
        key = expand(source.api_key, env)
        secrets = [secret for unexpanded in source.api_secrets if (secret := expand(unexpanded, env)).strip()]
        if key and secrets:
            return key, secrets[0]
    raise click.ClickException("no source of the policy has both a key and a secret; set the variables that it names")


def _mode(address: str) -> str:
    """Return the mode of the running instance, which may differ from this shell's environment."""
    answer = _request("GET", f"{address}/readyz", b"", {})
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body.get("mode", "")) if isinstance(body, dict) else ""


def _post(address: str, body: bytes, headers: Mapping[str, str]) -> int:
    return _request(
        "POST", f"{address}/webhooks/stream", body, {"Content-Type": "application/json", **headers}
    ).status_code


def _request(method: str, url: str, body: bytes, headers: Mapping[str, str]) -> requests.Response:
    try:
        with bounded(requests.Session(), _LIMITS) as session:
            return session.request(method, url, data=body, headers=dict(headers), allow_redirects=False)
    except requests.TooManyRedirects as error:
        raise click.ClickException(
            f"{url} redirects to another address; name the address of the instance with --url"
        ) from error
    except BROKEN as error:
        right = "start one with `escalator run`, or name its address with --url"
        raise click.ClickException(f"nothing answers at {url} ({type(error).__name__}); {right}") from error
