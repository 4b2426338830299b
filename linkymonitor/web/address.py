"""The addresses of this machine in the house, found without a packet on the network."""

# Strategy
#
# - The route to far networks names the address that others reach, whatever interfaces there are.
# - A house without a router has no such route. Then the first interface counts that is up and has an address. /proc and
#   ioctl name the interfaces, for the service may not open the netlink socket that socket.if_nameindex() needs.

from __future__ import annotations

import fcntl
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv6Address
from pathlib import Path
from typing import NamedTuple

from linkymonitor.web.section import Address

#: Addresses for documentation (RFC 5737, RFC 3849). To connect a UDP socket sends nothing: it only chooses a route.
_FAR = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))

#: The files of proc(5) that list the network interfaces which this process sees.
_NET = Path("/proc/self/net")
#: Of netdevice(7): two questions about an interface, the bytes of one, where its answer is, and the flags of an
#: interface that is up and has a cable or a radio link.
_GET_FLAGS, _GET_ADDRESS = 0x8913, 0x8915
_REQUEST, _ANSWER = 40, 16
_UP = 0x01 | 0x40


class House(NamedTuple):
    """The addresses at which others in the house reach this machine; None where it has none."""

    ipv4: str | None
    ipv6: str | None


def addresses_of_house() -> House:
    """Return the IPv4 address and the IPv6 address at which other machines of the house reach this one."""
    ipv4, ipv6 = (_routed(family, far) for family, far in _FAR)
    return House(ipv4 or next(_ipv4_of_interfaces(), None), ipv6 or next(_ipv6_of_interfaces(), None))


def _routed(family: socket.AddressFamily, far: str) -> str | None:
    """Return the address from which this machine would send to *far*."""
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as out:
        out.connect((far, 9))
        own = str(out.getsockname()[0])
        if _is_of_house(own):
            return own
    return None


def _is_of_house(address: str) -> bool:
    """Return whether a browser on another machine can reach *address*."""
    # An address of the link alone (fe80::) needs the name of an interface, which no browser takes.
    return not address.startswith(("127.", "0.", "fe80:")) and address not in ("::", "::1")


def _ipv4_of_interfaces() -> Iterator[str]:
    """Yield the IPv4 address of each interface that is up."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for line in (_NET / "dev").read_text().splitlines()[2:]:
            request = line.partition(":")[0].strip().encode().ljust(_REQUEST, b"\0")
            with suppress(OSError):  # an interface without an address
                (flags,) = struct.unpack_from("=H", fcntl.ioctl(asked, _GET_FLAGS, request), _ANSWER)
                # A sockaddr_in: family and port come before the address.
                found = fcntl.ioctl(asked, _GET_ADDRESS, request)[_ANSWER + 4 : _ANSWER + 8]
                if flags & _UP == _UP and _is_of_house(address := socket.inet_ntoa(found)):
                    yield address


def _ipv6_of_interfaces() -> Iterator[str]:
    """Yield each IPv6 address of an interface; one that is down has none."""
    with suppress(OSError):
        for line in (_NET / "if_inet6").read_text().splitlines():
            address = str(IPv6Address(bytes.fromhex(line.split()[0])))
            if _is_of_house(address):
                yield address


def urls(bound: Address, house: House) -> list[str]:
    """Return where a browser finds the pages, the best first; none when the machine has no address in the house.

    Args:
        bound: where `serve` listens.
        house: the addresses of this machine.
    """
    if bound.host == "0.0.0.0":
        hosts = [house.ipv4]
    elif bound.host == "::":
        hosts = [house.ipv4, house.ipv6]
    else:
        hosts = [bound.host]
    return [f"http://{f'[{host}]' if ':' in host else host}:{bound.port}/" for host in hosts if host]
