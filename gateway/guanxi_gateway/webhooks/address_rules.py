"""Where a webhook may go: pure decisions about URLs, addresses and ports.

An address that a name resolves to is decided about twice by the same rule: when the endpoint is registered
and, for the very address that is connected to, at each connection.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

LONGEST_URL: Final = 2000
NAT64: Final = IPv6Network("64:ff9b::/96")
# Global by the registry, and yet a way to addresses that are not.
TUNNELS: Final = (
    IPv6Network("64:ff9b:1::/48"), IPv6Network("2001::/32"), IPv6Network("2002::/16"),
)  # fmt: skip
SHARED: Final = IPv4Network("100.64.0.0/10")


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be reached: `networks` are allowed beside the global addresses, and there any port."""

    http: bool = False
    ports: frozenset[int] = frozenset({443, 8443})
    networks: Sequence[IPv4Network | IPv6Network] = ()


@dataclass(frozen=True, slots=True)
class Target:
    host: str
    port: int


class BadUrl(ValueError):
    """Its text says why, for people."""


def target_of(url: str, reach: Reach) -> Target:
    """Host and port of a URL that may be called; BadUrl otherwise."""
    if len(url) > LONGEST_URL or not url.isascii() or any(ord(sign) <= 32 for sign in url):
        raise BadUrl(f"Send a URL of at most {LONGEST_URL} printable ASCII characters.")
    if "\\" in url or "\x7f" in url:
        raise BadUrl("The URL has a character that no URL has.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadUrl("This is no URL.") from error
    if parts.scheme not in (("https", "http") if reach.http else ("https",)):
        raise BadUrl("Only https:// is called." if not reach.http else "Only http(s):// is called.")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise BadUrl("Credentials do not belong into a URL; the signature proves who calls.")
    if not parts.hostname:
        raise BadUrl("The URL names no host.")
    if parts.fragment or url.endswith("#"):
        raise BadUrl("A fragment is never sent; leave it out.")
    return Target(parts.hostname, port or (443 if parts.scheme == "https" else 80))


def problem_of(addresses: Collection[str], port: int, reach: Reach) -> str | None:
    """Why these addresses of one host may not be called at this port; None if all of them may."""
    if not addresses:
        return "The host has no address."
    found = [ip_address(address.partition("%")[0]) for address in addresses]
    if all(_is_allowed(address, reach) for address in found):
        return None
    if not all(_is_allowed(address, reach) or is_global(address) for address in found):
        return "The host is not on the public internet."
    if port not in reach.ports:
        listed = ", ".join(map(str, sorted(reach.ports)))
        return f"Port {port} is not called; use one of: {listed}."
    return None


def is_global(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is one host's address on the public internet; an IPv4 address inside an IPv6 one is
    looked at itself."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped
        if inner is None and address in NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_global(inner)
        if any(address in tunnel for tunnel in TUNNELS) or address.is_site_local:
            return False
    elif address in SHARED:
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def _is_allowed(address: IPv4Address | IPv6Address, reach: Reach) -> bool:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in reach.networks)
