"""What the daily log notes of the line and the meter: silence, standstill, parity, borders of frames, a wrong clock."""

# Strategy
#
# - A condition is noted when it begins and when it ends. While a cable comes and goes all day, some of the changes are
#   skipped (system/rate_limit.py). The next note has the state of that moment and the number of skipped changes.
# - A watch is a fold: it takes the state of the meter and returns notes (status, text). The caller writes them.

from __future__ import annotations

import math
from datetime import timedelta

from linkymonitor.language import Text
from linkymonitor.meter.acceptance.judge import CONTRACT, FIRM, METER, ORDER
from linkymonitor.meter.meter import BORDERS, STANDBY, Meter
from linkymonitor.meter.standstill import STANDSTILL, STANDSTILL_POWER
from linkymonitor.system.rate_limit import RateLimit

#: Status and text of one line of the daily log.
Note = tuple[str, Text]

#: Seconds by which rounding may bring a deadline too early. A clock that only moves by waiting would never reach it.
_NUDGE = 1e-6
#: A difference between the meter's clock and the time of the house that is worth a line.
_APART = timedelta(minutes=1)
_SILENT, _STUCK = "silent", "stuck"

_SENTENCES = {
    "": Text("Compteur de nouveau entendu", "The meter is heard again"),
    METER: Text(
        f"Trames d'un autre compteur : il faut {FIRM} trames de suite pour en être sûr ; rien n'est noté "
        "d'ici là",
        f"Frames of another meter: waiting to be sure, for {FIRM} in a row; nothing is recorded until then",
    ),
    CONTRACT: Text(
        f"Trames d'un autre contrat : il faut {FIRM} trames de suite pour en être sûr ; rien n'est noté "
        "d'ici là",
        f"Frames of another contract: waiting to be sure, for {FIRM} in a row; nothing is recorded until then",
    ),
    ORDER: Text(
        "Trames mêlées : leurs groupes sont en double ou en désordre ; vérifiez que rien d'autre ne lit le "
        "port, et le câble",
        "Frames run together: their groups are double or out of order; check that nothing else reads the "
        "port, and the cable",
    ),
    STANDBY: Text(
        "Compteur en veille : ses trames ne contiennent que son adresse ; rien n'est noté jusqu'à son réveil",
        "The meter is in standby: its frames hold its address alone; nothing is recorded until it wakes up",
    ),
    BORDERS: Text(
        "Groupes entendus, mais sans les bornes des trames (STX et ETX) : si une passerelle réémet les "
        "lignes, prenez sa sortie brute ; sinon vérifiez le module TIC",
        "Groups are heard, but without the borders of the frames (STX and ETX): if a gateway re-emits the "
        "lines, use its raw output; else check the TIC module",
    ),
    _STUCK: Text(
        f"Compteur figé : il répète les mêmes valeurs, index compris, depuis {STANDSTILL / 60:.0f} min malgré une "
        f"puissance d'au moins {STANDSTILL_POWER} VA ; elles sont ignorées ; s'il ne repart pas, "
        "prévenez Enedis",
        f"The meter stands still: it has repeated the same values, indexes included, for {STANDSTILL / 60:.0f} min at "
        f"{STANDSTILL_POWER} VA or more; they are ignored; if it does not recover, tell Enedis",
    ),
}


class SilenceWatch:
    """Notes when the meter falls silent or stands still, or is not believed, and when it is heard again.

    Args:
        silence: seconds without a believed frame after which the meter is silent.
        began: monotonic seconds at which listening began.
    """

    def __init__(self, silence: float, began: float) -> None:
        self._silence = silence
        self._began = began
        self._heard_at = began
        self._is_silent = False
        self._state = ""
        #: The state that was noted last, and how often the state has changed since.
        self._noted = ""
        self._changes = 0
        self._rate_limit = RateLimit()

    @property
    def deadline(self) -> float:
        """When to look again at the latest, in monotonic seconds: when the meter will have been silent for long."""
        return math.inf if self._is_silent else self._heard_at + self._silence + _NUDGE

    def notes(self, meter: Meter, now: float) -> list[Note]:
        """Return notes for the log on *meter* at monotonic *now*."""
        self._heard_at = self._began if meter.last_heard is None else max(meter.last_heard, self._began)
        self._is_silent = now - self._heard_at >= self._silence
        state = _STUCK if meter.stuck else ""
        if self._is_silent and not state:
            state = meter.obstacle(now - self._silence) or _SILENT
        if state != self._state:
            self._state = state
            self._changes += 1
        if state == self._noted or self._rate_limit.due(state, now) is None:
            return []
        missed, self._changes, self._noted = self._changes - 1, 0, state
        text = self._silent() if state == _SILENT else _SENTENCES[state]
        return [("WARN" if state else "INFO", text + f" (+{missed})" if missed else text)]

    def _silent(self) -> Text:
        return Text(
            f"Compteur muet : aucune trame acceptée depuis {self._silence:.0f} s ; vérifiez le branchement "
            "aux bornes I1 et I2, et le mode",
            f"The meter is silent: no believed frame for {self._silence:.0f} s; check the wiring to I1 and I2, "
            "and the mode",
        )


class LineWatch:
    """Notes once what the line lacks: its parity, or the borders of its frames."""

    def __init__(self) -> None:
        self._parity: bool | None = None
        self._noted: set[str] = set()
        self._rate_limit = RateLimit()

    def notes(self, meter: Meter, now: float) -> list[Note]:
        """Return notes for the log on the line of *meter* at monotonic *now*."""
        notes: list[Note] = []
        parity = meter.parity
        if parity is False and self._parity is not False and self._rate_limit.due("parity", now) is not None:
            notes.append(("INFO", _NO_PARITY))
        # After a source has come back its parity is None until enough bytes came. The old parity is kept until then.
        self._parity = self._parity if parity is None else parity
        if meter.parity_inverted:
            notes += self._once(INVERTED_PARITY)
        # Noise damages a border now and then. Where most borders are damaged the cause is the line.
        if meter.unframed >= FIRM and 2 * meter.unframed > meter.complete:
            notes += self._once(_DAMAGED_BORDERS)
        return notes

    def _once(self, text: Text) -> list[Note]:
        if text.en in self._noted:
            return []
        self._noted.add(text.en)
        return [("WARN", text)]


class ClockWatch:
    """Notes when the meter's clock differs from the time of the house, and when it no longer does."""

    def __init__(self) -> None:
        self._is_apart = False
        self._rate_limit = RateLimit()

    def notes(self, ahead: timedelta | None, now: float) -> list[Note]:
        """Return notes for the log on a meter whose clock is *ahead* by so much at monotonic *now*; None: not known."""
        apart = ahead is not None and abs(ahead) >= _APART
        if ahead is None or apart is self._is_apart or self._rate_limit.due("clock", now) is None:
            return []
        self._is_apart = apart
        if not apart:
            return [
                ("INFO", Text("Horloge du compteur : de nouveau juste", "Clock of the meter: right again"))
            ]
        span = timedelta(seconds=round(abs(ahead).total_seconds()))
        return [
            (
                "WARN",
                Text(
                    f"Horloge du compteur : {'en avance' if ahead > timedelta(0) else 'en retard'} de {span} sur celle "
                    "de la machine, que le journal suit ; si c'est la machine qui a tort, mettez-la à l'heure",
                    f"Clock of the meter: {span} {'ahead of' if ahead > timedelta(0) else 'behind'} that of the "
                    "machine, which the log follows; if the machine is wrong, set its time",
                ),
            )
        ]


_NO_PARITY = Text(
    "Source sans bit de parité : une erreur de transmission sur plusieurs peut passer inaperçue",
    "The source has no parity bit: some transmission errors may go unnoticed",
)
INVERTED_PARITY = Text(
    "La parité est inversée : impaire au lieu de paire (7O1) ; les groupes sont lus tout de même ; "
    "réglez la source en 7E1",
    "The parity is inverted: odd instead of even (7O1); the groups are read all the same; "
    "set the source to 7E1",
)
_DAMAGED_BORDERS = Text(
    "Bornes des trames abîmées : une trame est prise d'une borne sûre (STX ou ETX) à la suivante ; "
    "vérifiez le module TIC et son câble",
    "The borders of the frames are damaged: a frame is taken from one sound border (STX or ETX) to "
    "the next; check the TIC module and its cable",
)
