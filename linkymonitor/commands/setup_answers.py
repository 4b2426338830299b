"""What `setup` writes into the configuration: the contract of the log or owner, and the display that is found."""

from __future__ import annotations

import configparser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.board import display
from linkymonitor.board.ini_text import with_values
from linkymonitor.commands.shared import say
from linkymonitor.errors import ConfigError, StorageError, UsageError
from linkymonitor.language import Text, escape_controls

if TYPE_CHECKING:
    from linkymonitor.settings import Settings

#: Shows a question and returns the answer; None when nobody is asked.
Ask = Callable[[str], str] | None
_DISPLAYS = ("ssd1306", "sh1106")


def contract(
    text: str, settings: Settings, root: Path, *, offer: str | None, power: int | None, ask: Ask
) -> str:
    """Return the configuration *text* with the contract.

    Args:
        text: the INI file.
        settings: what it says.
        root: the root of the file system.
        offer: the id of a price table; None: asked for.
        power: the subscribed power in kVA; None: that of the meter.
        ask: asks the owner.

    Raises:
        UsageError: no price table has the id of ``--offer``, or the table has no price for the kVA of ``--power``.
    """
    if offer is None and power is None and settings.contract.offer:
        return text
    proposed = {} if offer or power else _of_log(root / settings.log.dir.relative_to("/"), settings)
    if offer is None and not proposed and ask:
        offer = _asked_offer(settings, ask)
    if offer is not None:
        _refuse_unknown(offer, settings)
        proposed = {"contract": {"offer": offer}}
    if power is not None:
        proposed.setdefault("contract", {})["power"] = str(power)
    if not proposed:
        print(
            Text(
                "contrat : inconnu pour l'instant ; « sudo linkymonitor setup --only contract » quand le compteur aura "
                "été entendu, ou --offer ID",
                "contract: not known yet; 'sudo linkymonitor setup --only contract' once the meter was heard, or "
                "--offer ID",
            )
        )
    for section, values in proposed.items():
        text = with_values(text, section, values)
    return text


def _of_log(log_dir: Path, settings: Settings) -> dict[str, dict[str, str]]:
    """Return the sections that the contracts in the log propose; none without a log."""
    from linkymonitor.commands.contract_proposal import proposal

    parser = configparser.RawConfigParser()
    with suppress(StorageError):
        parser.read_string("\n".join(map(str, proposal(log_dir, settings.zone))))
    sections = {
        name: {key: value for key, value in parser[name].items() if value} for name in parser.sections()
    }
    # Without an offer the power alone prices nothing: the owner is asked.
    return sections if "offer" in sections.get("contract", {}) else {}


def _asked_offer(settings: Settings, ask: Callable[[str], str]) -> str | None:
    from linkymonitor.money.shelf import Shelf

    names = list(Shelf(settings.table_folders).paths())
    for number, name in enumerate(names, 1):
        print(f"  {number:2} {escape_controls(name)}")
    while True:
        answer = ask(
            str(
                Text(
                    "votre offre (numéro ou identifiant ; Entrée : plus tard) : ",
                    "your offer (number or id; Enter: later): ",
                )
            )
        ).strip()
        if not answer:
            return None
        if answer in names:
            return answer
        if answer.isdecimal() and 1 <= int(answer) <= len(names):
            return names[int(answer) - 1]
        say(Text(f"« {answer} » : pas dans la liste", f"“{answer}”: not in the list"))


def _refuse_unknown(offer: str, settings: Settings) -> None:
    from linkymonitor.money.shelf import Shelf

    try:
        Shelf(settings.table_folders).table(offer)
    except ConfigError as error:
        raise UsageError(
            Text(
                f"--offer {offer} : pas de telle grille ; « linkymonitor tariffs list » les nomme",
                f"--offer {offer}: no such table; 'linkymonitor tariffs list' names them",
            )
        ) from error


def shown(
    text: str,
    settings: Settings,
    *,
    kind: str | None,
    ask: Ask,
    find: Callable[[Path], list[int] | None] = display.addresses,
) -> str:
    """Return the configuration *text* with the display that answers on the bus.

    Args:
        text: the INI file.
        settings: what it says.
        kind: the controller of the display, which cannot be told from outside; None: asked for.
        ask: asks the owner.
        find: returns the addresses that answer on a bus.
    """
    port, address = settings.display.port, settings.display.address
    bus = Path(f"/dev/i2c-{port}")
    found = find(bus)
    values: dict[str, str] = {}
    if found is None:
        print(
            Text(
                f"afficheur : {bus} n'est pas encore là ; après un redémarrage, « sudo linkymonitor setup --only "
                "display » le cherche",
                f"display: {bus} is not there yet; after a restart, 'sudo linkymonitor setup --only display' looks "
                "for it",
            )
        )
    elif not found:
        print(
            Text(
                f"afficheur : rien ne répond sur {bus} ; sans afficheur, tout va bien, sinon vérifiez les quatre fils",
                f"display: nothing answers on {bus}; without a display all is well, else check the four wires",
            )
        )
    elif address in found:
        print(Text(f"afficheur : répond à 0x{address:X}", f"display: answers at 0x{address:X}"))
    else:
        values["address"] = f"0x{found[0]:X}"
    if found and kind is None and ask and values:
        kind = _asked_kind(settings.display.chip.value, ask)
    if kind is not None and kind != settings.display.chip.value:
        values["type"] = kind
    return with_values(text, "display", values) if values else text


def _asked_kind(now: str, ask: Callable[[str], str]) -> str:
    while True:
        answer = ask(
            str(
                Text(
                    f"son contrôleur, ssd1306 (0,96 pouce) ou sh1106 (1,3 pouce) [{now}] : ",
                    f"its controller, ssd1306 (0.96 inch) or sh1106 (1.3 inch) [{now}]: ",
                )
            )
        )
        word = answer.strip().lower() or now
        if word in _DISPLAYS:
            return word
