"""Where a webhook may go: every form of an address within is refused, and what is judged is what is connected to."""

import ipaddress
import logging
import socket

import pytest

from escalator.channels.http import Forbidden
from escalator.channels.ssrf_guard import guard_of
from escalator.channels.webhook.client import HttpWebhook
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from tests.doubles.webhook import WebhookDouble

CONTEXT = MessageContext(None, None, "bi-feed")
PUBLIC = "93.184.215.14"


def look_up(monkeypatch, *answers):
    """Let names be looked up as these addresses, one after the other; returns what was asked."""
    asked, left = [], list(answers)

    def answer(host, port, *_args, **_options):
        asked.append(host)
        address = host if _is_address(host) else left.pop(0)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


def _is_address(host):
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("127.0.0.1", id="loopback"),
        pytest.param("127.9.9.9", id="another loopback"),
        pytest.param("0.0.0.0", id="this host"),  # noqa: S104
        pytest.param("10.1.2.3", id="private 10"),
        pytest.param("172.16.0.1", id="private 172"),
        pytest.param("192.168.1.1", id="private 192"),
        pytest.param("169.254.169.254", id="the metadata of clouds"),
        pytest.param("100.64.0.1", id="carrier-grade NAT"),
        pytest.param("224.0.0.1", id="multicast"),
        pytest.param("255.255.255.255", id="broadcast"),
        pytest.param("::1", id="loopback of IPv6"),
        pytest.param("::", id="this host of IPv6"),
        pytest.param("fe80::1%eth0", id="link-local"),
        pytest.param("fc00::1", id="unique local"),
        pytest.param("ff02::1", id="multicast of IPv6"),
        pytest.param("::ffff:127.0.0.1", id="loopback in the clothes of IPv6"),
        pytest.param("::ffff:10.0.0.1", id="private in the clothes of IPv6"),
        pytest.param("64:ff9b::a00:1", id="private behind NAT64"),
        pytest.param("2002:a00:1::", id="private behind 6to4"),
        pytest.param("fec0::1", id="site-local"),
        pytest.param("::127.0.0.1", id="loopback as IPv6 once wrote it"),
        pytest.param("::ffff:0:7f00:1", id="loopback behind SIIT"),
        pytest.param("168.63.129.16", id="the services of Azure"),
    ],
)
def test_an_address_within_is_refused(monkeypatch, address):
    look_up(monkeypatch, address)
    with pytest.raises(Forbidden):
        guard_of([])("feed.example.com", 443)


@pytest.mark.parametrize("written", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1"])
def test_other_ways_of_writing_it_are_refused_too(monkeypatch, written):
    look_up(monkeypatch, socket.inet_ntoa(socket.inet_aton(written)))
    with pytest.raises(Forbidden):
        guard_of([])(written, 443)


def test_a_public_address_is_looked_up_once_and_is_where_it_goes(monkeypatch):
    asked = look_up(monkeypatch, PUBLIC, "127.0.0.1")
    assert guard_of([])("feed.example.com", 443) == PUBLIC
    assert [host for host in asked if not _is_address(host)] == ["feed.example.com"]


def test_a_public_address_of_ipv6_is_where_it_goes(monkeypatch):
    look_up(monkeypatch, "2606:2800:21f:cb07:6820:80da:af6b:8b2c")
    assert guard_of([])("feed.example.com", 443) == "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


@pytest.mark.parametrize(
    ("allowed", "host", "address", "goes_to"),
    [
        pytest.param("bi.internal", "bi.internal", "10.1.2.3", "bi.internal", id="a host by its name"),
        pytest.param("BI.internal", "bi.INTERNAL.", "10.1.2.3", "bi.INTERNAL.", id="however it is written"),
        pytest.param("10.1.2.3", "bi.internal", "10.1.2.3", "10.1.2.3", id="an address"),
        pytest.param("10.0.0.0/8", "bi.internal", "10.1.2.3", "10.1.2.3", id="a network"),
        pytest.param("10.0.0.0/8", "bi.internal", "::ffff:10.1.2.3", "10.1.2.3", id="in the clothes of IPv6"),
        pytest.param("fc00::/7", "bi.internal", "fc00::1", "fc00::1", id="a network of IPv6"),
        pytest.param("bi.internal:8080", "bi.internal", "10.1.2.3", "bi.internal", id="a host with a port"),
        pytest.param("10.1.2.3:8080", "bi.internal", "10.1.2.3", "10.1.2.3", id="an address with a port"),
        pytest.param("[fd00::1]", "fd00::1", "fd00::1", "fd00::1", id="an address in brackets"),
        pytest.param("[fd00::1]:8080", "fd00::1", "fd00::1", "fd00::1", id="an address in brackets with a port"),
    ],
)
def test_what_is_allowed_is_reached(monkeypatch, allowed, host, address, goes_to):
    look_up(monkeypatch, address)
    assert guard_of([allowed])(host, 443) == goes_to


@pytest.mark.parametrize("allowed", ["10.0.0.0/8", "bi.internal", "internal", ""])
def test_what_is_allowed_allows_nothing_else(monkeypatch, allowed):
    look_up(monkeypatch, "192.168.1.1")
    with pytest.raises(Forbidden):
        guard_of([allowed])("other.internal", 443)


def test_a_name_that_is_not_known_is_no_refusal(monkeypatch):
    def unknown(*_args, **_options):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    done = HttpWebhook(guard_of([])).post(CONTEXT, "https://feed.example.com/x", {}, b"{}")
    assert done == Failed(FailureReason.UNREACHABLE)


def test_a_refusal_says_no_address_and_no_host(caplog):
    with caplog.at_level(logging.DEBUG), WebhookDouble() as double:
        done = HttpWebhook(guard_of([])).post(CONTEXT, double.url, {}, b"{}")
    assert done == Failed(FailureReason.FORBIDDEN, "private_address")
    assert double.requests == []
    assert "127.0.0.1" not in caplog.text


def test_it_connects_to_the_address_that_was_judged_whatever_the_name_says_later(monkeypatch):
    """The name is of this machine at first, and of nobody later: only the first look-up counts."""
    with WebhookDouble(secret=None) as double:
        port = double.url.split(":")[2].split("/")[0]
        asked = look_up(monkeypatch, "127.0.0.1", "203.0.113.9")
        url = f"http://feed.example.com:{port}/x"
        done = HttpWebhook(guard_of(["127.0.0.0/8"])).post(CONTEXT, url, {}, b"{}")
        assert done == Failed(FailureReason.BAD_MESSAGE, "http_415")
        assert double.requests[0].headers["host"] == f"feed.example.com:{port}"
    assert [host for host in asked if not _is_address(host)] == ["feed.example.com"]


def test_a_host_that_is_allowed_takes_what_it_is_sent():
    with WebhookDouble(secret=None) as double:
        url = double.url.replace("127.0.0.1", "localhost")
        body = b'{"type":"escalator.test","timestamp":"2026-08-20T14:03:10.000Z","data":{"text":"x","details":[]}}'
        headers = {"Content-Type": "application/json", "webhook-id": "msg_1"}
        assert HttpWebhook(guard_of(["localhost"])).post(CONTEXT, url, headers, body) == Delivered("")
