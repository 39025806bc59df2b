"""Which addresses may be sent to: every one that people typed in is judged here, and only what is public opens.

Pure: a URL is judged as written, an address by what it is. Looking names up and connecting is the client's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_network,
)
from typing import NamedTuple
from urllib.parse import urlsplit

import idna

from switchboard.kernel.errors import Invalid

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

URL_LIMIT = 2048

# Ranges that are not the public internet: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890)
# and the multicast and reserved spaces. Python's own is_global differs from version to version.
_NOT_PUBLIC: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "an address of this machine"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "an address inside a provider's network"),
        ("127.0.0.0/8", "an address of this machine"),
        ("169.254.0.0/16", "a link-local address"),
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a reserved address"),
        ("192.0.2.0/24", "an address for documentation"),
        ("192.88.99.0/24", "a reserved address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "an address for benchmarks"),
        ("198.51.100.0/24", "an address for documentation"),
        ("203.0.113.0/24", "an address for documentation"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
        ("::/128", "an address of this machine"),
        ("::1/128", "an address of this machine"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("ff00::/8", "a multicast address"),
        ("64:ff9b::/96", "a translated IPv4 address"),
        ("64:ff9b:1::/48", "a translated IPv4 address"),
        ("2001::/32", "a tunnelled IPv4 address"),
        ("2001::/23", "a reserved address"),
        ("2001:db8::/32", "an address for documentation"),
        ("2002::/16", "a tunnelled IPv4 address"),
        ("3fff::/20", "an address for documentation"),
    )
)
# The only IPv6 space that is handed out (RFC 4291, 2.4; IANA IPv6 Global Unicast Address Assignments).
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_IPV4_IN_LAST_32_BITS = tuple(IPv6Network(each) for each in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48"))

# Where clouds hand their credentials to whoever asks from inside. No LAN needs them: no setting opens them.
_METADATA_NETWORKS: tuple[Network, ...] = tuple(
    ip_network(each)
    for each in (
        "169.254.0.0/16",  # AWS, Azure, Google, Oracle, DigitalOcean, Tencent and most others
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure's host agent, a public number inside its machines
        "192.0.0.192/32",  # Oracle
        "fe80::/10",
        "fd00:ec2::/32",  # AWS
        "fd20:ce::/32",  # Google
        "fd00:42::42/128",  # Scaleway
    )
)
_METADATA_NAMES = frozenset(
    {
        "instance-data",
        "instance-data.ec2.internal",
        "metadata",
        "metadata.azure.internal",
        "metadata.goog",
        "metadata.google.internal",
        "metadata.oraclecloud.com",
        "metadata.packet.net",
        "metadata.platformequinix.com",
        "metadata.tencentyun.com",
        "rancher-metadata",
    }
)
# RFC 6761, RFC 6762, ICANN's reservation of .internal (2024), RFC 8375 and what routers hand out.
_LOCAL_SUFFIXES = ("localhost", "local", "internal", "home.arpa", "localdomain", "lan", "intranet")

_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:]+))(?::(?P<port>[0-9]{0,5}))?")
_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f\\]")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DEFAULT_PORTS = {"https": 443, "http": 80}
_USE_A_PUBLIC_ONE = "Use an address on the public internet."
_USE_A_PUBLIC_OR_OPENED_ONE = (
    "Use an address on the public internet, "
    "or let whoever runs this server open its network with SWITCHBOARD_OUTBOUND_NETWORKS."
)
_METADATA_KIND = "a cloud metadata or link-local address"


class Target(NamedTuple):
    """A URL taken apart once, by us: what is judged is what is requested.

    `host` is lower-case ASCII without a trailing dot; `address` is set when the host is one. `path` starts
    with '/' and includes the query; a fragment is dropped.
    """

    scheme: str
    host: str
    port: int
    path: str
    address: Address | None

    @property
    def host_header(self) -> str:
        """The host as RFC 9110, 7.2 wants it: brackets around IPv6, the port only where unusual."""
        host = f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


class AddressPolicy:
    """Which addresses may be reached: the public internet, plus networks that the operator opened.

    `allowed_networks` are CIDR texts, blank ones passed over; names of local networks are taken once there is
    any. Plain http goes to those networks only, elsewhere where `allow_http` is set. Cloud metadata services
    stay closed whatever is opened. Raises Invalid for a malformed network and for one that stays closed.
    """

    def __init__(self, allowed_networks: Sequence[str] = (), *, allow_http: bool = False) -> None:
        self.allowed_networks = tuple(
            _parse_network(text.strip()) for text in allowed_networks if text.strip()
        )
        self.allow_http = allow_http

    def opens(self, address: Address) -> bool:
        """Whether the operator opened a network that holds this address."""
        return any(address in network for network in self.allowed_networks)

    def objection(self, address: Address) -> str | None:
        """What speaks against an address, as 'a private address'; None when it may be reached."""
        faces = _faces(address)
        if any(face in network for face in faces for network in _METADATA_NETWORKS):
            return _METADATA_KIND
        return next((kind for face in faces if not self.opens(face) and (kind := _kind(face))), None)


PUBLIC_ONLY = AddressPolicy()


def parse_target(url: str, policy: AddressPolicy = PUBLIC_ONLY) -> Target:
    """Take a URL apart and judge it as written, without any look-up. Raises Invalid."""
    scheme, authority, path = _split(url)
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise _malformed("The address has no usable host and port.")
    port = int(match["port"] or _DEFAULT_PORTS[scheme])
    if not 1 <= port <= 65535:
        raise _malformed(f"The port {port} does not exist.")
    if match["v6"] is not None:
        address: Address | None = _parse_ipv6(match["v6"])
    else:
        host = _normalise_name(match["name"])
        address = _parse_ipv4(host)
    if address is not None:
        target = Target(scheme, str(address), port, path, address)
        refuse_unless_allowed(target, address, policy)
        return target
    _refuse_local_name(host, policy)
    if scheme == "http" and not policy.allow_http and not policy.allowed_networks:
        raise _needs_https(host)
    return Target(scheme, host, port, path, None)


def check_written_address(url: str, policy: AddressPolicy = PUBLIC_ONLY) -> None:
    """Refuse, while a person is still there to correct it, what can never be sent to. Raises Invalid."""
    parse_target(url, policy)


def _split(url: str) -> tuple[str, str, str]:
    """Scheme, authority, and path with query. Raises Invalid for what parsers read in different ways."""
    if len(url) > URL_LIMIT:
        raise _malformed(f"The address is longer than {URL_LIMIT} characters.")
    if _NOT_IN_A_URL.search(url):
        raise _malformed("The address holds a space, a backslash or an invisible character.")
    try:
        url.encode()
        parts = urlsplit(url)
    except ValueError:
        raise _malformed("The address cannot be read.") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise _malformed("The address does not start with https:// (or http://).")
    if "@" in parts.netloc:
        raise _malformed("The address holds a user name or password before '@'.")
    if "%" in parts.netloc:
        raise _malformed("The host is written with a percent sign.")
    query = f"?{parts.query}" if parts.query else ""
    return parts.scheme, parts.netloc, f"{parts.path or '/'}{query}"


def _normalise_name(name: str) -> str:
    """A host name as lower-case ASCII labels (UTS 46, RFC 5891) without its trailing dot. Raises Invalid."""
    try:
        # An ASCII name is taken as it is: names with '_' or '--' exist although IDNA has no room for them.
        ascii_name = name if name.isascii() else idna.encode(name, uts46=True).decode("ascii")
    except UnicodeError:
        raise _malformed("The host name holds characters that names cannot have.") from None
    host = ascii_name.lower().removesuffix(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise _malformed("The host name is not letters, digits and hyphens with dots between.")
    return host


def _parse_ipv4(host: str) -> IPv4Address | None:
    """The address, or None for a name. Whatever ends in a number is an address (WHATWG URL, 3.5)."""
    if not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    try:
        return IPv4Address(host)
    except ValueError:
        # Octal, hexadecimal and shortened forms mean different addresses to different programs.
        raise _malformed("The address of the host is not four decimal numbers, as in 8.8.4.4.") from None


def _parse_ipv6(text: str) -> Address:
    try:
        return unmapped(IPv6Address(text))
    except ValueError:
        raise _malformed("The host in brackets is not an IPv6 address.") from None


def unmapped(address: Address) -> Address:
    """The IPv4 address behind ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), since that is where a connection goes."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _faces(address: Address) -> tuple[Address, ...]:
    """An address and the IPv4 addresses that a translator or tunnel would reach for it."""
    if isinstance(address, IPv4Address):
        return (address,)
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    # Two of ::/96 hold no IPv4 address: :: and ::1.
    if int(address) > 1 and any(address in network for network in _IPV4_IN_LAST_32_BITS):
        inner.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return (address, *(each for each in inner if each is not None))


def _kind(address: Address) -> str | None:
    """What an address is when it is not public."""
    for network, kind in _NOT_PUBLIC:
        if address in network:
            return kind
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return "a reserved address"
    return None


def refuse_unless_allowed(target: Target, address: Address, policy: AddressPolicy) -> None:
    objection = policy.objection(address)
    if objection is not None:
        verb = "is" if target.address is not None else "leads to"
        hint = _USE_A_PUBLIC_ONE if objection == _METADATA_KIND else _USE_A_PUBLIC_OR_OPENED_ONE
        raise Invalid(f"Nothing is sent to {target.host}: it {verb} {objection}.", hint=hint)
    if target.scheme == "http" and not policy.allow_http and not policy.opens(address):
        raise _needs_https(target.host)


def _refuse_local_name(host: str, policy: AddressPolicy) -> None:
    if host in _METADATA_NAMES:
        raise Invalid(f"Nothing is sent to {host}: it is a cloud metadata service.", hint=_USE_A_PUBLIC_ONE)
    is_local = "." not in host or any(
        host == suffix or host.endswith(f".{suffix}") for suffix in _LOCAL_SUFFIXES
    )
    if is_local and not policy.allowed_networks:
        raise Invalid(
            f"Nothing is sent to {host}: it is a name inside a local network.",
            hint=_USE_A_PUBLIC_OR_OPENED_ONE,
        )


def _parse_network(text: str) -> Network:
    try:
        network = ip_network(text)
    except ValueError:
        raise Invalid(
            f"{text!r} is not a network that can be opened for sending.",
            hint="Write it as CIDR without host bits, as in 10.0.0.0/8 or fd12:3456::/48.",
        ) from None
    first, last = network.network_address, network.broadcast_address
    if any(first in closed and last in closed for closed in _METADATA_NETWORKS):
        raise Invalid(
            f"The network {network} stays closed: cloud metadata services answer there.",
            hint="Remove it from SWITCHBOARD_OUTBOUND_NETWORKS.",
        )
    return network


def _needs_https(host: str) -> Invalid:
    return Invalid(
        f"Nothing is sent to {host} over plain http, which anyone on the way can read and change.",
        hint="Use an https:// address.",
    )


def _malformed(message: str) -> Invalid:
    return Invalid(message, hint="Write it as https://host/path.")
