"""The settings of `serve`, without an import of what serves, because every command reads all settings."""

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text

#: The port when `bind` names none.
PORT = 8420
_BIND = f"127.0.0.1:{PORT}"
#: The folder of `serve`, in that of the state, and its file with the password.
FOLDER, PASSWORD_FILE = "serve", "password.json"
_EXPECTED = Text(
    "on attend une adresse de cette machine et un port, tels que 127.0.0.1:8420, 0.0.0.0:8420 ou [::]:8420",
    "expected an address of this machine and a port, such as 127.0.0.1:8420, 0.0.0.0:8420 or [::]:8420",
)
#: Why `serve` refuses to start, and what its owner does.
UNGUARDED = Text(
    "ouvre les pages à toute la maison, sans mot de passe : serve refuse de démarrer",
    "opens the pages to the whole house, without a password: serve refuses to start",
)
GUARD = Text(
    "« sudo linkymonitor serve --set-password », puis « sudo systemctl restart linkymonitor-serve » ; ou écrivez "
    "[serve] open = oui",
    "“sudo linkymonitor serve --set-password”, then “sudo systemctl restart linkymonitor-serve”; or write [serve] "
    "open = yes",
)
_HOST = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"


class Address(NamedTuple):
    """Where `serve` listens."""

    #: An address in digits, without brackets.
    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host == "::1" or self.host.startswith("127.")


def read_address(words: str) -> Address:
    """Return the address that *words* name: ``127.0.0.1:8420``, ``[::1]:8420``, ``localhost``.

    Raises:
        ValueError: *words* name no address in digits.
    """
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^][:]+))(?::([0-9]{1,5}))?", words)
    port = int((match and match[3]) or PORT)
    if match is None or not 0 < port < 65536:
        raise ValueError(words)
    if match[2] == "localhost":
        return Address("127.0.0.1", port)
    # Only where serve is set up otherwise: every command reads these settings.
    from ipaddress import IPv4Address, IPv6Address

    return Address(str(IPv6Address(match[1]) if match[1] else IPv4Address(match[2])), port)


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings:
    """``[serve]``: where the drawn pages are shown, and to whom."""

    #: Address and port; 0.0.0.0:8420 is every address of this machine, and asks for a password.
    bind: str = _BIND
    #: More names under which a browser may ask for the pages; the name of the machine and its addresses always may.
    hosts: tuple[str, ...] = ()
    #: yes: no password. Empty: a password, but for 127.0.0.1.
    open: bool | None = None
    #: How old the pages may be before they are drawn afresh when somebody looks at them; 0: any age.
    refresh: timedelta = timedelta(minutes=10)

    def __post_init__(self) -> None:
        faults: list[Text] = []
        # The address of a box that sets none needs no check, whose pattern every command would compile.
        if self.bind != _BIND:
            try:
                read_address(self.bind)
            except ValueError:
                faults.append(f"bind = {self.bind}" + Text(" : ", ": ") + _EXPECTED)
        faults += [
            Text(
                f"hosts = {name} : on attend un nom tel que compteur.maison.fr, sans http:// ni port",
                f"hosts = {name}: expected a name such as meter.home.example, without http:// and port",
            )
            for name in self.hosts
            if not re.fullmatch(_HOST, name.lower())
        ]
        if self.refresh and self.refresh < timedelta(minutes=1):
            faults.append(
                Text(
                    "refresh : on attend une minute au moins, ou 0",
                    "refresh: expected a minute at least, or 0",
                )
            )
        if faults:
            raise BadSetting(*faults)

    def asks_for_password(self, address: Address) -> bool:
        """Return whether who asks for a page at *address* has to know the password."""
        return not (address.loopback if self.open is None else self.open)

    def lacks_password(self, address: Address, state_dir: Path) -> bool:
        """Return whether `serve` refuses to listen at *address*, because its folder below *state_dir* has no password.

        Raises:
            OSError: that folder is closed to this user.
        """
        if not self.asks_for_password(address):
            return False
        try:
            (state_dir / FOLDER / PASSWORD_FILE).stat()
        except FileNotFoundError:
            return True
        return False
