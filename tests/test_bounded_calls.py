"""Every call out of the product ends: what can open a connection is used only where that is bounded."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [*(ROOT / "escalator").rglob("*.py"), *(ROOT / "web").rglob("*.py"), *(ROOT / "workers").rglob("*.py")]

ROOMS = {
    "http.client": {"escalator/channels/http.py"},
    "smtplib": {"escalator/channels/email/smtp.py", "escalator/channels/email/failures.py"},
    "pdpyras": {"escalator/channels/pagerduty/events.py"},
    "slack_sdk.WebClient": {"escalator/channels/slack/transport.py"},
    # Its own time limits are for each operation; a thread that is stuck in it ends its process (queue_intake.STUCK_S).
    "boto3": {"escalator/channels/aws/sqs.py"},
    "authlib.integrations.requests_client": {"web/slack_sign_in.py"},
    "authlib.integrations.flask_client": {"web/slack_sign_in.py"},
    # The wire itself; a look-up inside of it; a type; a pair and systemd's own socket; which port is free.
    "socket": {
        "escalator/channels/deadline_socket.py",
        "escalator/channels/ssrf_guard.py",
        "escalator/channels/email/smtp.py",
        "escalator/commands/run_supervisor.py",
        "escalator/commands/run_preflight.py",
    },
}
"""Modules that can wait for another machine, and the only files that may use them."""

HARMLESS = {
    "socket.gethostname",
    "urllib.request.Request",
    "requests.Response",
    "requests.PreparedRequest",
    "requests.TooManyRedirects",
    "requests.RequestException",
    "requests.codes.ok",
    "requests.utils.get_auth_from_url",
}
"""What opens no connection."""

NOWHERE = {"aiohttp", "asyncio", "ftplib", "httpx", "imaplib", "poplib", "urllib3", "websocket", "websockets", "xmlrpc"}
HTTP = {"escalator/channels/http.py", "escalator/channels/http_sessions.py"}


def unbounded(source: str, path: str) -> Iterator[str]:
    """Yield what a file uses that may wait for ever."""
    tree = ast.parse(source)
    names = dict(_imported(tree))
    handed_over = {id(one.args[0]) for one in ast.walk(tree) if _is_call_of(one, "bounded")}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            used = _used(node, names)
            if used and not _may(used, path) and not _is_inside(node, handed_over, tree):
                yield used
    yield from (one for one in names.values() if one.partition(".")[0] in NOWHERE)


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the names of a file and what each stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                yield (one.asname, one.name) if one.asname else (one.name.partition(".")[0], one.name.partition(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.module:
            for one in node.names:
                yield one.asname or one.name, f"{node.module}.{one.name}"


def _used(node: ast.AST, names: dict[str, str]) -> str:
    """Return the full name of what an expression names, if it is imported."""
    if isinstance(node, ast.Attribute):
        before = _used(node.value, names)
        return f"{before}.{node.attr}" if before else ""
    return names.get(node.id, "") if isinstance(node, ast.Name) else ""


def _may(used: str, path: str) -> bool:
    if any(_is_in(one, used) or _is_in(used, one) for one in HARMLESS):
        return True
    for module, rooms in ROOMS.items():
        if _is_in(used, module):
            return path in rooms
    is_http = _is_in(used, "requests") or _is_in(used, "urllib.request")
    return not is_http or path in HTTP


def _is_in(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def _is_call_of(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name and bool(node.args)


def _is_inside(node: ast.AST, handed_over: set[int], tree: ast.AST) -> bool:
    """Whether an expression is what `bounded` is given."""
    return any(id(one) in handed_over and node in ast.walk(one) for one in ast.walk(tree) if isinstance(one, ast.Call))


@pytest.mark.parametrize("path", [str(one.relative_to(ROOT)) for one in SOURCES])
def test_nothing_can_wait_for_ever(path: str) -> None:
    assert sorted(set(unbounded((ROOT / path).read_text(), path))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import requests\nrequests.get('https://example.com', timeout=5)",
        "import requests as r\nr.post('https://example.com')",
        "from requests import get\nget('https://example.com')",
        "import requests\nwith requests.Session() as s:\n    s.get('x')",
        "from urllib.request import urlopen\nurlopen('x', timeout=5)",
        "import urllib.request\nurllib.request.urlopen('x')",
        "import http.client\nhttp.client.HTTPSConnection('x')",
        "from http.client import HTTPConnection\nHTTPConnection('x')",
        "import smtplib\nsmtplib.SMTP('x', timeout=5)",
        "import socket\nsocket.create_connection(('x', 1), 5)",
        "from socket import getaddrinfo\ngetaddrinfo('x', 1)",
        "import httpx",
        "import boto3\nboto3.client('sqs')",
        "import urllib3",
        "from slack_sdk import WebClient\nWebClient('x')",
    ],
)
def test_what_could_is_found(source: str) -> None:
    assert list(unbounded(source, "escalator/services/anywhere.py"))


@pytest.mark.parametrize(
    "source",
    [
        "from urllib.request import Request\nRequest('x')",
        "import requests\nfrom escalator.channels.http_sessions import bounded\nbounded(requests.Session(), None)",
        "import socket\nsocket.gethostname()",
        "from urllib.parse import urlsplit\nurlsplit('x')",
    ],
)
def test_what_could_not_is_left_alone(source: str) -> None:
    assert list(unbounded(source, "escalator/services/anywhere.py")) == []
