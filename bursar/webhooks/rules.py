"""What an endpoint's address may be, and how long an endpoint that is away is left alone. Pure."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from enum import Enum
from urllib.parse import urlsplit

HELD_UNTIL = datetime(9999, 1, 1, tzinfo=UTC)
"""When rows of a paused endpoint are due: not before somebody resumes it."""

OLD_SECRET_SIGNS_FOR = timedelta(hours=24)
ASK_AGAIN_AFTER = timedelta(seconds=30)
ASK_AGAIN_AT_LATEST = timedelta(minutes=15)

# IANA's "Internet Protocol Version 6 Address Space": of all blocks this one alone is global unicast. So ::/96 (IPv4 in
# its old form), fec0::/10 (site-local), 64:ff9b:1::/48 (NAT64 of one's own network) and the like need no naming.
_UNICAST = ipaddress.ip_network("2000::/3")
# Inside it and in IPv4, beside what `is_global` knows of IANA's special-purpose registries: ways into tunnels, which
# lead to an address inside somebody's network (RFC 3056 6to4, RFC 4380 Teredo, RFC 7526), and an RFC 9637 example.
_NOT_PUBLIC = tuple(map(ipaddress.ip_network, ("2002::/16", "2001::/32", "192.88.99.0/24", "3fff::/20")))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the IPv4 address in its end is who is reached
_ISATAP = 0x5EFE  # RFC 5214: an interface that reads ::5efe:a.b.c.d or ::200:5efe:a.b.c.d is a tunnel, in any network
_LOCAL_NAMES = ("localhost", "localhost.localdomain")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Reach(Enum):
    """How far messages may go: to the public internet alone, to this machine too, or anywhere."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    ANY = "any"


def calc_kept_since(now: datetime, waits: timedelta) -> datetime:
    """What was written before this has waited too long. Whole days, so that it is dropped once a day, in one go."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - waits


def why_not_url(url: str, reach: Reach) -> str | None:
    """None, or why messages do not go to this address. Names are looked at when something is sent."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "This is no address that a message could be sent to."
    if parts.scheme not in ("http", "https") or not host:
        return "Write the whole address, such as https://product.example/bursar."
    if parts.username is not None or parts.password is not None:
        return "The address holds a name or password. The signature is what proves who sends."
    if parts.fragment:
        return "The part behind # is never sent. Leave it out."
    literal = _read_address(host)
    if literal is not None:
        sentence = why_not_address(literal, reach)
        if sentence:
            return sentence
    is_local = host in _LOCAL_NAMES or (literal is not None and literal.is_loopback)
    if host in _LOCAL_NAMES and reach is Reach.PUBLIC:
        return "Messages go to public addresses only; this one is the machine itself."
    if parts.scheme == "http" and reach is not Reach.ANY and not (is_local and reach is Reach.LOOPBACK):
        return "The address must begin with https://."
    return None


def _read_address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def why_not_address(address: Address, reach: Reach) -> str | None:
    """None, or why nothing is sent to this network address: only public ones may hear from us."""
    inner = _unwrap(address)
    if reach is Reach.ANY or (reach is Reach.LOOPBACK and inner.is_loopback) or _is_public(inner):
        return None
    return f"Messages go to public addresses only; {address} is none."


def _unwrap(address: Address) -> Address:
    """The IPv4 address that an IPv6 one is another spelling of, where it is: a way round the check otherwise."""
    if isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    """By what it is, as IANA's registries have it: one machine that the whole internet reaches by this address."""
    if not address.is_global or address.is_multicast or any(address in block for block in _NOT_PUBLIC):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    return address in _UNICAST and (int(address) >> 32) & 0xFDFFFFFF != _ISATAP


def calc_pause(times_away: int) -> timedelta:
    """How long an endpoint that did not answer at all is left alone: 30 s, doubling, at most 15 minutes."""
    pause: timedelta = ASK_AGAIN_AFTER * 2 ** min(times_away, 10)
    return min(pause, ASK_AGAIN_AT_LATEST)
