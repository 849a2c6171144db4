"""Which addresses a model endpoint may have. A worker must not be led to a machine's own metadata service."""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

METADATA_HOSTS = frozenset({"metadata.google.internal", "metadata.goog", "instance-data", "fd00:ec2::254"})


def address_fault(address: str, allowed_hosts: Sequence[str] = ()) -> str | None:
    """What is wrong with an endpoint's address, with the remedy; None when it may be used.

    With ``allowed_hosts`` only those hosts are allowed, on any port.
    """
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".").lower()
        _ = parts.port
    except ValueError as error:
        return f"this is not an address ({error}); write https://host/v1"
    if parts.scheme not in {"http", "https"} or not host:
        return "an address begins with https:// or http:// and names a host: https://host/v1"
    if parts.username or parts.password or parts.query or parts.fragment:
        return "an address holds no name, key, ? or #; a key's variable goes into api_key_env"
    if allowed_hosts and host not in allowed_hosts:
        return f"the host {host} is not among those this site may ask (ENDPOINT_HOSTS); ask its operator"
    if host in METADATA_HOSTS or _is_link_local(host):
        return f"{host} is a machine's own metadata or link-local address and is never asked"
    return None


def _is_link_local(host: str) -> bool:
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(number, "ipv4_mapped", None) or number
    return bool(mapped.is_link_local or mapped.is_unspecified or mapped.is_multicast)
