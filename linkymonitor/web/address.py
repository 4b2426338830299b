"""The addresses of this machine in the house, found without a packet on the network."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import NamedTuple

from linkymonitor.web.section import Address

#: Addresses for documentation (RFC 5737, RFC 3849). To connect a UDP socket sends nothing: it only chooses a route.
_FAR = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


class House(NamedTuple):
    """The addresses at which others in the house reach this machine; None where it has none."""

    ipv4: str | None
    ipv6: str | None


def addresses_of_house() -> House:
    """Return the address of each kind from which this machine would speak to others."""
    return House(*(_own(family, far) for family, far in _FAR))


def _own(family: socket.AddressFamily, far: str) -> str | None:
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as out:
        out.connect((far, 9))
        own = str(out.getsockname()[0])
        # An address of the link alone (fe80::) needs the name of an interface, which no browser takes.
        if not own.startswith(("127.", "0.", "fe80:")) and own not in ("::", "::1"):
            return own
    return None


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
