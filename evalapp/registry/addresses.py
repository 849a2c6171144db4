"""Which addresses a model endpoint may have. A worker must not be led to a machine's own metadata service."""

import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

METADATA_NAMES = frozenset({"metadata.google.internal", "metadata.goog", "instance-data", "metadata"})
# Amazon over IPv6, Alibaba, Azure and Oracle; the others are link-local.
METADATA_NUMBERS = frozenset(
    ipaddress.ip_address(number)
    for number in ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
NAT64 = ipaddress.ip_network("64:ff9b::/96")

Number = ipaddress.IPv4Address | ipaddress.IPv6Address


def address_fault(address: str, allowed_hosts: Sequence[str] = ()) -> str | None:
    """What is wrong with an endpoint's address, with the remedy; None when it may be used.

    With ``allowed_hosts`` only those hosts are allowed, on any port.
    """
    try:
        parts = urlsplit(address)
        host = host_of(address)
        _ = parts.port
    except ValueError as error:
        return f"this is not an address ({error}); write https://host/v1"
    plain = address.isascii() and address.isprintable() and " " not in address
    if parts.scheme not in {"http", "https"} or not host or not plain:
        return "an address begins with https:// or http:// and names a host in plain letters: https://host/v1"
    if parts.username or parts.password or parts.query or parts.fragment or "@" in parts.netloc:
        return "an address holds no name, key, ? or #; a key's variable goes into api_key_env"
    if allowed_hosts and host not in allowed_hosts:
        return f"the host {host} is not among those this site may ask (ENDPOINT_HOSTS); ask its operator"
    if host in METADATA_NAMES or _is_forbidden(_number_of(host)):
        return f"{host} is a machine's own metadata or link-local address and is never asked"
    return None


def host_of(address: str) -> str:
    """The host an address names, in small letters; "" when it names none. Raises what urlsplit raises."""
    return (urlsplit(address).hostname or "").rstrip(".").lower()


def _number_of(host: str) -> Number | None:
    """The numeric address that a host is written as, in any of the ways a resolver takes; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        # One decimal, octal or hexadecimal number, or fewer than four, is an address to the resolver too.
        return ipaddress.ip_address(socket.inet_aton(host))
    except OSError:
        return None


def _is_forbidden(number: Number | None) -> bool:
    if isinstance(number, ipaddress.IPv6Address):
        inner = number.ipv4_mapped or number.sixtofour
        if number in NAT64:
            inner = ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
        number = inner or number
    if number is None:
        return False
    return number in METADATA_NUMBERS or number.is_link_local or number.is_unspecified or number.is_multicast
