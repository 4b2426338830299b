"""The settings of lamps and relays; every command reads them, so this module imports nothing that drives a pin."""

from dataclasses import dataclass
from enum import Enum

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text

#: The GPIO numbers on the 40-pin header of a Raspberry Pi.
GPIO = range(28)


def gpio_faults(pin: int, key: str = "pin") -> list[Text]:
    """Return the fault of the setting *key*, which must be a GPIO number; an empty list when there is none."""
    if pin in GPIO:
        return []
    return [
        Text(
            f"{key} = {pin} : on attend un numéro GPIO de {GPIO[0]} à {GPIO[-1]}",
            f"{key} = {pin}: expected a GPIO number from {GPIO[0]} to {GPIO[-1]}",
        )
    ]


class Shows(Enum):
    """The meaning of a lamp: the state of EJP, or the frames of the meter."""

    EJP = "ejp"
    LINK = "link"


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class LampSettings:
    """``[lamp:NAME]`` of the configuration."""

    #: The GPIO number of the pin.
    pin: int = 25
    #: no when the low level lights the lamp.
    active_high: bool = True
    #: ejp: a brief flash every 30 s, slow blinking at the notice, steady in the peak; link: a flash at each frame.
    shows: Shows = Shows.EJP
    #: The NAME of the section.
    name: str = ""

    def __post_init__(self) -> None:
        if faults := gpio_faults(self.pin):
            raise BadSetting(*faults)


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class RelaySettings:
    """``[relay:NAME]`` of the configuration."""

    #: The GPIO number of the pin.
    pin: int
    #: no when the low level feeds the coil.
    active_high: bool = True
    #: The rule that decides: periods or ejp.
    rule: str
    #: For rule = periods: the tariff periods in which the relay is on, such as HC, HCJB.
    periods: tuple[str, ...] = ()
    #: The state at the start, after a stop and while the meter is silent; off is the coil at rest.
    fail_state: bool | None = None
    #: yes: fail_state = on is accepted, although a power cut ends that state.
    energised_fail_state_accepted: bool = False
    #: The NAME of the section.
    name: str = ""

    def __post_init__(self) -> None:
        faults = gpio_faults(self.pin)
        if self.fail_state is None:
            faults.append(
                Text(
                    "fail_state : manque ; on attend l'état à prendre quand le compteur se tait ; "
                    "écrivez fail_state = off",
                    "fail_state: missing, expected the state for when the meter is silent; write fail_state = off",
                )
            )
        if self.fail_state and not self.energised_fail_state_accepted:
            faults.append(
                Text(
                    "fail_state = on : il faut pour cela alimenter la bobine, ce qu'une coupure ou une panne défait ;"
                    " câblez la charge sur l'autre contact et écrivez fail_state = off, ou bien"
                    " energised_fail_state_accepted = oui",
                    "fail_state = on: needs the coil fed, which a power cut or a crash undoes; wire the load to"
                    " the other contact and write fail_state = off, or energised_fail_state_accepted = yes",
                )
            )
        from linkymonitor.outputs import (
            rules,
        )  # imported late: a configuration without a relay needs no rules

        try:
            rule = rules.build(self.rule, self)
        except BadSetting as error:
            faults += error.faults
        else:
            if self.periods and not hasattr(rule, "periods"):
                faults.append(
                    Text(
                        f"periods : sans objet pour rule = {self.rule} ; retirez-le ou écrivez rule = periods",
                        f"periods: not for rule = {self.rule}, remove it or write rule = periods",
                    )
                )
        if faults:
            raise BadSetting(*faults)
