"""Where webhooks may go: what an address must look like, and which machines are never called (R42).

A URL is anybody's text, so what it leads to is checked on the address that is connected to, not on
its name: a name may lead elsewhere a second later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

URL_LENGTH_MAX = 500
_PORTS = {"https": 443, "http": 80}
# Everything that is not a machine of the public internet: this host, private networks, those of
# carriers, link-local with the metadata services of clouds, documentation, multicast, reserved.
_CLOSED_V4 = tuple(
    ip_network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# Of IPv6 only global unicast is open, without what tunnels or maps IPv4, tests or documents.
_OPEN_V6 = ip_network("2000::/3")
_CLOSED_V6 = tuple(
    ip_network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)


@dataclass(frozen=True, slots=True)
class Place:
    """A URL in its parts: ``target`` is path and query as they are sent."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def read_url(url: str, *, production: bool) -> Place:
    """The parts of an endpoint's URL. Raises ValueError, in words for whoever typed it.

    It must be https. Outside production http may be used to this machine, to try things out.
    """
    if len(url) > URL_LENGTH_MAX or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(f"a URL of at most {URL_LENGTH_MAX} plain characters is expected")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("this is not a URL") from None
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise ValueError("a URL such as https://example.com/webhooks is expected")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("a URL without a user name, password or fragment is expected")
    host = parts.hostname
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    place = Place(parts.scheme, host, port or _PORTS[parts.scheme], target)
    if place.scheme == "http" and (production or not _is_this_machine(host)):
        raise ValueError("only https is allowed")
    if _literal(host) is not None and not may_connect(place, [host], production=production):
        raise ValueError("this address is not one of the public internet")
    return place


def may_connect(place: Place, addresses: Sequence[str], *, production: bool) -> bool:
    """Whether a place may be called at the addresses that its name led to: at every one of them.

    Outside production this machine may be called; http never leaves it.
    """
    if not addresses:
        return False
    for text in addresses:
        address = _literal(text)
        if address is None:
            return False
        at_home = address.is_loopback and not production
        if not at_home and (place.scheme == "http" or not _is_public(address)):
            return False
    return True


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in net for net in _CLOSED_V4)
    return address in _OPEN_V6 and not any(address in net for net in _CLOSED_V6)


def _is_this_machine(host: str) -> bool:
    address = _literal(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _literal(text: str) -> IPv4Address | IPv6Address | None:
    """An address in its usual form, None for a name. A scope (``%eth0``) makes it none."""
    try:
        return None if "%" in text else ip_address(text)
    except ValueError:
        return None
