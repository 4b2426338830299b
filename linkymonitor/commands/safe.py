"""``safe``: puts every relay into its fail state, when the process that drove it is gone."""

# Strategy
#
# - systemd calls this after each end of acquire, a kill included (ExecStopPost). It may take two seconds on a Pi Zero:
#   so neither gpiozero nor, as a rule, the settings are imported.
# - acquire keeps a copy of the fail states that it has checked, in memory. The copy wins over the configuration: these
#   are the pins that were driven, and the configuration may be half edited at this moment. Without a copy nothing has
#   been driven since the machine was booted; the configuration is then read for a user who calls this by hand, and a
#   section with a fault costs no other relay.

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

from linkymonitor.errors import LinkyMonitorError, StorageError
from linkymonitor.language import Text, cause, legible
from linkymonitor.outputs.fail_states import FailState, fail_states, file_of, kept
from linkymonitor.outputs.gpiochip import Chip, Kernel, header

if TYPE_CHECKING:
    from linkymonitor.commands.shared import Common


def safe(common: Common) -> int:
    """Put every relay into its fail state; return the exit status: 1 when one could not be reached.

    Raises:
        ConfigError: there is no copy of acquire, and the configuration cannot be read.
        LinkyMonitorError: this machine has no GPIO chip of a Raspberry Pi, or it may not be opened.
    """
    states, faults = _states(common)
    for fault in faults:
        _complain(fault)
    if not states:
        print(Text("aucun relais : rien à faire", "no relay: nothing to do"))
        return 1 if faults else 0
    return 0 if drive(states, Kernel()) and not faults else 1


def drive(states: list[FailState], kernel: Kernel) -> bool:
    """Put the pins of *states* to their levels, and print each; return whether all were reached.

    Raises:
        LinkyMonitorError: there is no GPIO chip of a Raspberry Pi, or it may not be opened.
    """
    chip = _chip(kernel)
    all_done = True
    held = []
    for state in states:
        try:
            held.append(chip.drive(state.pin, state.level))
        except OSError as error:
            all_done = False
            _complain(_place(state) + _trouble(chip, state, error))
        else:
            coil = Text("alimenté", "on") if state.on else Text("au repos", "off")
            print(legible(str(_place(state) + coil)))
    for descriptor in (*held, chip.descriptor):
        kernel.close(descriptor)
    return all_done


def _place(state: FailState) -> Text:
    return Text(f"[relay:{state.name}] GPIO {state.pin} : ", f"[relay:{state.name}] GPIO {state.pin}: ")


def _complain(fault: Text) -> None:
    print(f"linkymonitor: {legible(str(fault))}", file=sys.stderr)


def _trouble(chip: Chip, state: FailState, error: OSError) -> Text:
    if error.errno != errno.EBUSY:
        why = cause(error)
        return Text(f"la broche ne répond pas ({why.fr})", f"the pin does not answer ({why.en})")
    holder = chip.consumer(state.pin) or "?"
    return Text(
        f"tenu par « {holder} » ; arrêtez d'abord ce programme (sudo systemctl stop linkymonitor)",
        f"held by “{holder}”; stop that program first (sudo systemctl stop linkymonitor)",
    )


def _chip(kernel: Kernel) -> Chip:
    """Return the open chip of the header."""
    try:
        chip, others = header(kernel)
    except OSError as error:
        why = cause(error)
        raise LinkyMonitorError(
            Text(
                f"{error.filename or '/dev/gpiochip0'} : {why.fr} ; il faut le groupe gpio, ou sudo",
                f"{error.filename or '/dev/gpiochip0'}: {why.en}; the group gpio is needed, or sudo",
            )
        ) from error
    if chip is None:
        seen = ", ".join(others) or "–"
        raise LinkyMonitorError(
            Text(
                f"/dev/gpiochip* : pas de broches d'un Raspberry Pi ici ({seen}) ; aucun relais n'a été touché",
                f"/dev/gpiochip*: no pins of a Raspberry Pi here ({seen}); no relay was touched",
            )
        )
    return chip


def _states(common: Common) -> tuple[list[FailState], list[Text]]:
    """Return the fail states to take, and what could not be read.

    Raises:
        ConfigError: there is no copy, and the configuration is no INI file.
    """
    try:
        copy = kept(file_of(os.environ))
    except StorageError as error:
        _complain(error.text)
        copy = None
    if copy is not None:
        return copy, []
    from linkymonitor.settings import default_path, relays  # imported late: it takes longer than all the rest

    found, faults = relays(common.config or default_path())
    return fail_states(found), faults
