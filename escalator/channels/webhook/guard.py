"""Where a webhook may go: the open internet, and what the operator has allowed besides (WEBHOOK_ALLOW_PRIVATE)."""

import ipaddress
import logging
import socket
from collections.abc import Iterable

from requests_hardened import ip_filter  # type: ignore[import-untyped]  # it has no types

from escalator.channels.http import Forbidden
from escalator.channels.wire import Guard

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def guard_of(allowed: Iterable[str]) -> Guard:
    """Return what chooses the address to connect to; `allowed` are hosts, addresses and networks (10.0.0.0/8).

    A name is looked up once, and the address found is the one that is judged and connected to. What it raises:
    Forbidden for loopback, private, link-local and other addresses of no public machine, OSError for a name that is
    not known.
    """
    # The library writes every address that it refuses into its log.
    logging.getLogger(ip_filter.__name__).setLevel(logging.CRITICAL + 1)
    networks = tuple(found for one in allowed if (found := _network(one)) is not None)
    hosts = frozenset(_plain(one) for one in allowed if _network(one) is None)

    def guard(host: str, port: int) -> str:
        if _plain(host) in hosts:
            return host
        address = _looked_up(host, port)
        if any(address in network for network in networks):
            return str(address)
        try:
            return str(ip_filter.filter_host(str(address), port, allow_loopback=False)).strip("[]")
        except ip_filter.InvalidIPAddress:
            raise Forbidden from None

    return guard


def _network(written: str) -> _Network | None:
    try:
        return ipaddress.ip_network(written, strict=False)
    except ValueError:
        return None


def _plain(host: str) -> str:
    return host.lower().rstrip(".")


def _looked_up(host: str, port: int) -> _Address:
    """Return the address of a host; one of IPv4 in the clothes of IPv6 as what it is."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0]
    address = ipaddress.ip_address(str(found).partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address
