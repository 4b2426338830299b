"""The line from the meter: heard on the port, or judged by what `acquire` has written when it holds the port."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.daily_log import files
from linkymonitor.doctor import hearing, signal
from linkymonitor.doctor.base import AS_ROOT, Row, Subject, to_mend, unread, unseen, well
from linkymonitor.doctor.port import reader
from linkymonitor.doctor.signal import Meaning, Quality
from linkymonitor.errors import LineBusy, LineError, LinkyMonitorError
from linkymonitor.language import Text
from linkymonitor.live.reading import Newest, Watcher
from linkymonitor.model import counts
from linkymonitor.source.faults import ABSENT, DENIED, cause_of, number_of

if TYPE_CHECKING:
    from linkymonitor.doctor.hearing import Heard
    from linkymonitor.doctor.port import Reader
    from linkymonitor.source.base import Source

_METER = Text("compteur", "meter")
_ERRORS = Text("erreurs de la liaison", "errors of the line")
_BITS = Text("bits faux", "wrong bits")

#: Seconds after which a reading of acquire is too old, and between two looks for its first one.
_OLD, _LOOK = 30.0, 0.2
#: The records of the log by which the line is judged while acquire has the port.
_SPAN = timedelta(hours=1)
#: Bytes that show that something is received, not only a glitch when the port was opened.
_SOMETHING = 16

_WIRING = Text(
    "vérifiez les fils sur I1 et I2, le sens de l'optocoupleur et la broche GPIO15 ; baissez R1 à 1 kΩ, puis "
    "montez R2 à 10 kΩ ; si un voltmètre, en alternatif, montre 0 V entre I1 et I2 sans rien d'autre de branché, "
    "la sortie TIC du compteur ne répond plus : coupez le disjoncteur de branchement (AD) une minute, remettez-le, "
    "et sinon appelez Enedis",
    "check the wires on I1 and I2, the optocoupler and pin GPIO15; lower R1 to 1 kΩ, then raise R2 to 10 kΩ; if a "
    "voltmeter, on AC, shows 0 V between I1 and I2 with nothing else connected, the TIC output of the meter is silent: "
    "switch the main breaker (AD) off for a minute, switch it on, and call Enedis if that does not help",
)
_LISTEN = Text(
    "vérifiez les fils sur I1 et I2 ; « systemctl status linkymonitor » dit ce qu'acquire entend ; pour que doctor "
    "écoute lui-même : « sudo systemctl stop linkymonitor », « sudo linkymonitor doctor », puis « sudo systemctl start "
    "linkymonitor »",
    "check the wires on I1 and I2; “systemctl status linkymonitor” says what acquire hears; for doctor to listen "
    "itself: “sudo systemctl stop linkymonitor”, “sudo linkymonitor doctor”, then “sudo systemctl start linkymonitor”",
)
_CURES = {
    Meaning.SLOW_RISE: Text(
        "le signal remonte trop lentement, R2 est trop forte : baissez-la (4,7 kΩ, 3,3 kΩ, 2,2 kΩ), ou tournez-la "
        "avec « linkymonitor doctor --watch »",
        "the signal rises too slowly, R2 is too high: lower it (4.7 kΩ, 3.3 kΩ, 2.2 kΩ), or turn it with "
        "“linkymonitor doctor --watch”",
    ),
    Meaning.WEAK_PULL: Text(
        "le signal ne descend pas assez, R2 est trop faible ou R1 trop forte : montez R2 (4,7 kΩ, 10 kΩ), ou "
        "baissez R1 à 1 kΩ, avec « linkymonitor doctor --watch »",
        "the signal does not fall far enough, R2 is too low or R1 too high: raise R2 (4.7 kΩ, 10 kΩ), or lower R1 to "
        "1 kΩ, with “linkymonitor doctor --watch”",
    ),
    Meaning.PARITY_BIT: Text(
        "seul le bit de parité est faux : réglez le module TIC ou la passerelle sur 7 bits, parité paire, ou sur 8 "
        "bits sans parité",
        "the parity bit alone is wrong: set the TIC module or the gateway to 7 bits with even parity, or to 8 bits "
        "without parity",
    ),
    Meaning.INTERFERENCE: Text(
        "des parasites : éloignez le câble des câbles du secteur et des disjoncteurs différentiels, "
        "raccourcissez-le, prenez une paire torsadée",
        "interference: move the cable away from mains cables and residual-current devices, shorten it, take a "
        "twisted pair",
    ),
    Meaning.UNCLEAR: Text(
        "trop peu d'erreurs pour en dire la cause : laissez tourner « linkymonitor doctor --watch » quelques minutes",
        "too few errors to say their cause: let “linkymonitor doctor --watch” run for some minutes",
    ),
    Meaning.LOST: Text(
        "des caractères manquent : vérifiez que rien d'autre ne lit le port, les contacts du câble, et la prise USB "
        "(sans multiprise)",
        "characters are missing: check that nothing else reads the port, the contacts of the cable, and the USB "
        "socket (without a hub)",
    ),
}


def check(subject: Subject) -> list[Row]:
    """Hear the meter, unless acquire does."""
    holder = None if "://" in subject.port else reader(subject.world, subject.port)
    if holder is not None and holder.ours:
        return _by_acquire(subject, holder)
    if holder is not None:
        return [_not_heard(Text("un autre programme a le port", "another program has the port"))]
    try:
        source = open_port(subject)
    except LineBusy as error:
        return [_not_heard(error.text)]
    except LineError as error:
        return [to_mend("meter", _METER, error.text, Text("corrigez [meter] port", "correct [meter] port"))]
    with source:
        if source.why_away is not None:
            return [_does_not_open(subject.port, source.why_away)]
        world, meter = subject.world, subject.settings.meter
        heard = hearing.listen(source, world.clock, world.patience, meter.speed.baud)
        if heard.mode is None and source.why_away is not None:
            return [_does_not_open(subject.port, source.why_away)]
    return _of_meter(subject, heard) if heard.mode else [_nothing(heard, meter.speed.baud)]


def open_port(subject: Subject) -> Source:
    """Return the port, open.

    Raises:
        LineBusy: another process has it.
        LineError: it can never be opened.
    """
    from linkymonitor.source.open import open_source

    return open_source(subject.port, clock=subject.world.clock, root=subject.world.root)


def _does_not_open(port: str, error: Exception) -> Row:
    """Return the row of a *port* that *error* keeps from being heard."""
    why, number = cause_of(error), number_of(error)
    finding = Text(f"le port ne s'ouvre pas ({why.fr})", f"the port does not open ({why.en})")
    if "://" in port:
        cure = Text(
            "vérifiez que la passerelle est en marche, et son adresse dans [meter] port",
            "check that the gateway is on, and its address in [meter] port",
        )
    elif number in DENIED:
        cure = AS_ROOT + Text(
            " peut l'ouvrir ; ou remettez en marche le service, qui le lit pour tous (« sudo systemctl restart "
            "linkymonitor »)",
            " may open it; or start the service, which reads it for all (“sudo systemctl restart linkymonitor”)",
        )
    elif number in ABSENT:
        cure = Text(
            "branchez le module TIC, ou corrigez [meter] port",
            "plug the TIC module in, or correct [meter] port",
        )
    else:
        cure = Text(
            f"débranchez et rebranchez le module TIC, ou essayez un autre port : « linkymonitor doctor -i PORT » ; "
            f"« sudo dmesg | grep {Path(port).name} » dit ce que le noyau en sait",
            f"unplug the TIC module and plug it in again, or try another port: “linkymonitor doctor -i PORT”; “sudo "
            f"dmesg | grep {Path(port).name}” says what the kernel knows of it",
        )
    return unseen("meter", _METER, finding, cure)


def _not_heard(why: Text) -> Row:
    return unseen("meter", _METER, why)


def _of_meter(subject: Subject, heard: Heard) -> list[Row]:
    """Return the rows of a meter that was heard."""
    assert heard.mode is not None
    meter = subject.settings.meter
    finding = Text(
        f"mode {heard.mode.value}, {heard.speed} bauds", f"mode {heard.mode.value}, {heard.speed} baud"
    )
    if meter.mode.mode not in (None, heard.mode):
        cure = Text(
            f"écrivez [meter] mode = auto, ou {heard.mode.value}",
            f"write [meter] mode = auto, or {heard.mode.value}",
        )
        row = to_mend("meter", _METER, finding, cure, mode=heard.mode.value, speed=heard.speed)
    else:
        row = well("meter", _METER, finding, mode=heard.mode.value, speed=heard.speed)
    return [row, *of_quality(signal.judge(heard.raw, heard.mode))]


def _nothing(heard: Heard, only: int | None) -> Row:
    """Return the row of a port on which no valid group was heard."""
    counts = {str(speed): len(raw) for speed, raw in heard.tried.items()}
    speeds = " et ".join(counts), " and ".join(counts)
    if inverted := [speed for speed, raw in heard.tried.items() if signal.is_inverted(raw)]:
        finding = Text(
            f"signal inversé, à {inverted[0]} bauds : les 0 et les 1 sont échangés",
            f"inverted signal, at {inverted[0]} baud: 0 and 1 are exchanged",
        )
        cure = Text(
            "l'optocoupleur doit tirer la broche à la masse pendant un 0 : émetteur à la masse, collecteur et R2 à "
            "GPIO15 (docs/hardware.fr.md) ; retirez un transistor inverseur",
            "the optocoupler has to pull the pin to ground during a 0: emitter to ground, collector and R2 to GPIO15 "
            "(docs/hardware.md); remove an inverting transistor",
        )
        return to_mend("meter", _METER, finding, cure, bytes=counts)
    if max(map(len, heard.tried.values()), default=0) < _SOMETHING:
        finding = Text(
            f"silence à {speeds[0]} bauds : rien n'arrive", f"silence at {speeds[1]} baud: nothing arrives"
        )
        return to_mend("meter", _METER, finding, _WIRING, bytes=counts)
    if only is not None:
        finding = Text(
            f"des octets à {only} bauds, mais aucun groupe valide",
            f"bytes at {only} baud, but no valid group",
        )
        cure = Text(
            "écrivez [meter] speed = auto : le compteur a peut-être l'autre vitesse",
            "write [meter] speed = auto: the meter may have the other speed",
        )
        return to_mend("meter", _METER, finding, cure, bytes=counts)
    finding = Text(
        f"des octets, mais aucun groupe valide à {speeds[0]} bauds",
        f"bytes, but no valid group at {speeds[1]} baud",
    )
    cure = Text(
        "vérifiez que c'est bien la TIC (I1 et I2), puis la valeur de R2, le câble et le module ; "
        "« linkymonitor doctor --watch » montre l'effet d'un réglage",
        "check that this is the TIC (I1 and I2), then the value of R2, the cable and the module; "
        "“linkymonitor doctor --watch” shows what a change does",
    )
    return to_mend("meter", _METER, finding, cure, bytes=counts)


def of_quality(quality: Quality) -> list[Row]:
    """Return the rows on the errors of a line."""
    causes = ", ".join(f"{cause} {count}" for cause, count in sorted(quality.causes.items()))
    total, percent = quality.groups + quality.rejected, _percent(quality.share)
    finding = counts.rejected(quality.rejected) + Text(
        f" sur {total} ({percent[0]})", f" of {total} ({percent[1]})"
    )
    if causes:
        finding += Text(" : ", ": ") + causes
    figures = {
        "groups": quality.groups,
        "rejected": quality.rejected,
        "causes": dict(quality.causes),
        "bits_up": list(quality.up),
        "bits_down": list(quality.down),
        "meaning": quality.meaning.value,
        "parity": quality.parity,
    }
    rows = []
    if quality.bad:
        rows.append(to_mend("errors", _ERRORS, finding, _CURES[quality.meaning], None, **figures))
    else:
        rows.append(well("errors", _ERRORS, finding, None, **figures))
    if sum(quality.up) + sum(quality.down):
        rows.append(well("bits", _BITS, bits_in_words(quality)))
    if quality.parity is False or quality.odd_parity:
        rows.append(_parity(quality))
    return rows


def bits_in_words(quality: Quality) -> Text:
    """Return which bits were changed, and in which direction."""
    places = ", ".join(
        f"{bit}: {up + down}" for bit, (up, down) in enumerate(zip(quality.up, quality.down, strict=True))
    )
    up, down = sum(quality.up), sum(quality.down)
    return Text(
        f"1 lus 0 : {down} ; 0 lus 1 : {up} (bit 0 à 6 puis parité, {places})",
        f"1 read as 0: {down}; 0 read as 1: {up} (bit 0 to 6, then parity, {places})",
    )


def _parity(quality: Quality) -> Row:
    what = Text("parité", "parity")
    if quality.odd_parity:
        finding = Text(
            "impaire au lieu de paire : le programme la retourne",
            "odd instead of even: the program inverts it",
        )
    else:
        finding = Text(
            "retirée par le module ou la passerelle : une erreur sur un bit se voit moins bien",
            "stripped by the module or the gateway: an error of one bit is seen less well",
        )
    cure = Text(
        "si vous le pouvez, réglez le module ou la passerelle sur 8 bits sans parité (8N1)",
        "if you can, set the module or the gateway to 8 bits without parity (8N1)",
    )
    return well("parity", what, finding, cure)


def _percent(share: float) -> tuple[str, str]:
    """Return *share* as a percentage in French and in English."""
    words = f"{share * 100:.1f}"
    return words.replace(".", ",") + "\u00a0%", words + "%"


_NO_ACCESS = Text(
    "acquire a le port, et ce qu'il entend est fermé à votre utilisateur",
    "acquire has the port, and what it hears is closed to your user",
)
_AS_ROOT_OR_MEMBER = AS_ROOT + Text(
    " ; ou entrez dans le groupe linkymonitor, et reconnectez-vous",
    "; or join the group linkymonitor, and log in again",
)


def _is_closed(path: Path) -> bool:
    """Return whether *path* is there, or may be, but is not to be read by this user."""
    try:
        path.open("rb").close()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _newest(subject: Subject, acquire: Reader) -> Newest | None:
    """Return what *acquire* has heard last; where it has just started, wait until it has heard something."""
    clock, patience = subject.world.clock, subject.world.patience
    watcher = Watcher(subject.runtime_dir, clock.monotonic)
    end = clock.monotonic() + (0.0 if acquire.age is None else patience.start - acquire.age)
    while True:
        newest = watcher.read()
        now = clock.monotonic()
        if now >= end or (newest is not None and newest.age(now) <= _OLD):
            return newest
        time.sleep(_LOOK)


def _by_acquire(subject: Subject, acquire: Reader) -> list[Row]:
    """Judge the line by latest.json and the log, for *acquire* has the port."""
    if _is_closed(subject.runtime_dir / "latest.json"):
        return [unseen("meter", _METER, _NO_ACCESS, _AS_ROOT_OR_MEMBER)]
    newest = _newest(subject, acquire)
    if newest is None:
        finding = Text(
            f"acquire a le port, mais n'a encore rien entendu ({subject.runtime_dir}/latest.json absent)",
            f"acquire has the port, but has heard nothing yet (no {subject.runtime_dir}/latest.json)",
        )
        return [to_mend("meter", _METER, finding, _LISTEN)]
    age = newest.age(subject.world.clock.monotonic())
    mode = newest.reading.mode.value
    finding = Text(
        f"mode {mode}, d'après acquire, qui a le port ; dernière trame il y a {age:.0f} s",
        f"mode {mode}, by acquire, which has the port; the last frame was {age:.0f} s ago",
    )
    if age > _OLD:
        return [to_mend("meter", _METER, finding, _WIRING, age=round(age)), *_logged(subject)]
    return [well("meter", _METER, finding, None, mode=mode, age=round(age)), *_logged(subject)]


def _logged(subject: Subject) -> list[Row]:
    """Return the row on the rejected groups of the last hour of the log."""
    now = subject.world.clock.now()
    frames = rejected = 0
    try:
        for record in files.records(subject.settings.log.dir, now - _SPAN, now + timedelta(minutes=5)):
            frames += record.frames
            rejected += record.rejected
    except LinkyMonitorError as error:
        return [unread("errors", _ERRORS, error)]
    if not frames:
        finding = Text("aucune ligne depuis une heure dans le journal", "no line of the last hour in the log")
        return [unseen("errors", _ERRORS, finding)]
    by_log = Text("d'après le journal de l'heure passée : ", "by the log of the last hour: ")
    finding = by_log + counts.rejected(rejected) + Text(" en ", " in ") + counts.frames(frames)
    # The log has no count of the sound groups; a frame has ten at least.
    if rejected > signal.BAD_SHARE * 10 * frames:
        cure = Text(
            "arrêtez acquire (« sudo systemctl stop linkymonitor »), puis relancez doctor : il écoutera la "
            "liaison et dira quelle résistance changer",
            "stop acquire (“sudo systemctl stop linkymonitor”), then call doctor again: it will hear the line "
            "and say which resistor to change",
        )
        return [to_mend("errors", _ERRORS, finding, cure, frames=frames, rejected=rejected)]
    return [well("errors", _ERRORS, finding, None, frames=frames, rejected=rejected)]
