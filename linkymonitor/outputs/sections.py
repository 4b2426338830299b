"""The settings of lamps and relays, apart from what drives a pin: every command reads the whole configuration."""

from dataclasses import dataclass
from enum import Enum

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text

#: The GPIO numbers on the 40-pin header of a Raspberry Pi.
GPIO = range(28)


def check(pin: int) -> None:
    """Raise ValueError when *pin* is not a GPIO number."""
    if pin not in GPIO:
        raise BadSetting(
            Text(
                f"pin = {pin} : on attend un numéro GPIO de {GPIO[0]} à {GPIO[-1]}",
                f"pin = {pin}: expected a GPIO number from {GPIO[0]} to {GPIO[-1]}",
            )
        )


class Shows(Enum):
    """What a lamp tells."""

    EJP = "ejp"
    LINK = "link"


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class LampSettings:
    """``[lamp:NAME]`` of the configuration."""

    #: GPIO number of the pin.
    pin: int = 25
    #: no when the low level lights the lamp.
    active_high: bool = True
    #: ejp: dark but for a wink, slow blinking for the notice, steady in the peak; link: a flash a frame.
    shows: Shows = Shows.EJP
    #: Filled in from the name of the section.
    name: str = ""

    def __post_init__(self) -> None:
        check(self.pin)


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class RelaySettings:
    """``[relay:NAME]`` of the configuration."""

    #: GPIO number of the pin.
    pin: int
    #: no when the low level feeds the coil.
    active_high: bool = True
    #: The rule that decides: periods or ejp.
    rule: str
    #: rule = periods: the tariff periods to be on in, such as HC, HCJB.
    periods: tuple[str, ...] = ()
    #: State at start, at a stop and when the meter is silent: off, the coil at rest.
    fail_state: bool | None = None
    #: yes: fail_state = on is wanted although it does not survive a power cut.
    energised_fail_state_accepted: bool = False
    #: Filled in from the name of the section.
    name: str = ""

    def __post_init__(self) -> None:
        check(self.pin)
        if self.fail_state is None:
            raise BadSetting(
                Text(
                    "fail_state : manque ; on attend l'état à prendre quand le compteur se tait ; "
                    "écrivez fail_state = off",
                    "fail_state: missing, expected the state for when the meter is silent; write fail_state = off",
                )
            )
        if self.fail_state and not self.energised_fail_state_accepted:
            raise BadSetting(
                Text(
                    "fail_state = on : il faut pour cela alimenter la bobine, ce qu'une coupure ou une panne défait ;"
                    " câblez la charge sur l'autre contact et écrivez fail_state = off, ou bien"
                    " energised_fail_state_accepted = oui",
                    "fail_state = on: needs the coil fed, which a power cut or a crash undoes; wire the load to"
                    " the other contact and write fail_state = off, or energised_fail_state_accepted = yes",
                )
            )
        from linkymonitor.outputs import rules  # a configuration without a relay needs none

        decision = rules.build(self.rule, self)
        if self.periods and not hasattr(decision, "periods"):
            raise BadSetting(
                Text(
                    f"periods : sans objet pour rule = {self.rule} ; retirez-le ou écrivez rule = periods",
                    f"periods: not for rule = {self.rule}, remove it or write rule = periods",
                )
            )
