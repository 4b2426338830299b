"""The state of the tariff, and whether too much power is drawn, from the readings so far."""

# Strategy
#
# - The newest frame that has a value counts at once; a frame without the value changes nothing. Values that two
#   frames must confirm have been confirmed before, in meter/acceptance.
# - After a silence, peaks and periods are unknown until a frame has them: they may have changed meanwhile.
# - The state belongs to one contract on one meter in one mode. When one of the three changes, the state is forgotten:
#   a peak of the old contract would last for ever.
# - A frame may have lost the group that names the meter or the option, so None is never a change.

from __future__ import annotations

from linkymonitor.model.reading import Reading, TariffState
from linkymonitor.model.record import Contract
from linkymonitor.model.terms import Colour, Ejp, Mode


class TariffFold:
    """The tariff, from the readings so far."""

    def __init__(self) -> None:
        self.state = TariffState()
        self._forget()

    def _forget(self) -> None:
        self._mode: Mode | None = None
        self._meter: str | None = None
        self._contract: Contract | None = None
        self._ejp = Ejp.UNKNOWN
        self._peaks_seen = False
        self._period: str | None = None
        self._colour: Colour | None = None
        self._tomorrow: Colour | None = None
        self._overload = False

    def age(self) -> None:
        """Forget peaks and periods after a silence: they may have changed meanwhile."""
        self._ejp, self._period = Ejp.UNKNOWN, None

    def update(self, reading: Reading) -> TariffState:
        """Take *reading*, of a believed frame, into account.

        Returns:
            The state of the tariff, also kept in ``state``.
        """
        if self._is_another(reading):
            self._forget()
        self._know(reading)
        if reading.ejp is not Ejp.UNKNOWN:
            self._ejp = reading.ejp
        self._peaks_seen |= self._ejp in (Ejp.PEAK, Ejp.NOTICE)
        self._period = reading.tariff_period or self._period
        self._colour = reading.colour or self._colour
        # The meter sends no colour until tomorrow's is known, so the colour that it sent before must not be kept.
        self._tomorrow = reading.tomorrow
        if reading.overload is not None:
            self._overload = reading.overload
        option = self._contract.option if self._contract else None
        self.state = TariffState(
            ejp=self._ejp,
            has_peaks=option == "EJP" or (self._peaks_seen and option != "TEMPO"),
            tariff_period=self._period,
            colour=self._colour,
            tomorrow=self._tomorrow,
            overload=self._overload,
            contract=self._contract,
        )
        return self.state

    def _is_another(self, reading: Reading) -> bool:
        """Return whether *reading* is about another meter, another contract or in another mode."""
        before, contract = self._contract, reading.contract
        return (
            self._mode not in (None, reading.mode)
            or (None not in (self._meter, reading.meter) and self._meter != reading.meter)
            or (before is not None and contract is not None and before.option != contract.option)
        )

    def _know(self, reading: Reading) -> None:
        self._mode = reading.mode
        self._meter = reading.meter or self._meter
        self._contract = reading.contract or self._contract
