"""The addresses that a webhook may reach: public ones, and those in WEBHOOK_ALLOW_PRIVATE."""

import ipaddress
import logging
import re
import socket
from collections.abc import Iterable

from requests_hardened import ip_filter  # type: ignore[import-untyped]  # it has no types

from escalator.channels.deadline_socket import Guard
from escalator.channels.http import Forbidden

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PUBLIC_IPV6 = ipaddress.ip_network("2000::/3")
"""All assigned global unicast (IANA, "IPv6 Address Space"). Outside of it are the site-local fec0::/10, and the IPv6
forms of IPv4 addresses: ::/96, ::ffff:0:0:0/96 (SIIT) and 64:ff9b::/96."""

_METADATA = ipaddress.ip_address("168.63.129.16")
"""Azure's internal services (learn.microsoft.com, "What is IP address 168.63.129.16?")."""

_WITH_PORT = re.compile(r"\[(?P<bare>[^\]]+)\](?::\d+)?|(?P<host>[^:\[\]]+):\d+", re.ASCII)


def guard_of(allowed: Iterable[str]) -> Guard:
    """Return the function that chooses the address to connect to; `allowed` are hosts, addresses and networks.

    A host may be written as in a URL (`bi.internal:8080`, `[fd00::1]:8080`); it is then allowed on every port.

    A name is looked up once, and the same address is checked and connected to. It raises Forbidden for loopback,
    private, link-local and other addresses that are not public, OSError for an unknown name.
    """
    # The library logs every address that it refuses.
    logging.getLogger(ip_filter.__name__).setLevel(logging.CRITICAL + 1)
    bare = [_without_port(entry) for entry in allowed]
    networks = tuple(network for entry in bare if (network := _network(entry)) is not None)
    hosts = frozenset(_plain(entry) for entry in bare if _network(entry) is None)

    def guard(host: str, port: int) -> str:
        if _plain(host) in hosts:
            return host
        address = _looked_up(host, port)
        if any(address in network for network in networks):
            return str(address)
        if not _may_be_public(address):
            raise Forbidden
        try:
            return str(ip_filter.filter_host(str(address), port, allow_loopback=False)).strip("[]")
        except ip_filter.InvalidIPAddress:
            raise Forbidden from None

    return guard


def _may_be_public(address: _Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        return address.is_global and address in _PUBLIC_IPV6
    return address != _METADATA


def _without_port(text: str) -> str:
    match = _WITH_PORT.fullmatch(text)
    return (match["bare"] or match["host"]) if match else text


def _network(text: str) -> _Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _plain(host: str) -> str:
    return host.lower().rstrip(".")


def _looked_up(host: str, port: int) -> _Address:
    """Return the address of a host; an IPv4 address in IPv6 form as IPv4."""
    ip_text = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0]
    address = ipaddress.ip_address(str(ip_text).partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address
