"""The clock, and who sets it."""

from __future__ import annotations

from linkymonitor.doctor.base import Row, Subject, to_mend, well
from linkymonitor.doctor.world import World
from linkymonitor.language import Text
from linkymonitor.system.clock import BUILT, TIME_SERVICES

_CLOCK = Text("horloge", "clock")
#: The name of a process, of 15 characters at most, → the time service, and how to ask what it hears.
_SOURCES = {
    "systemd-timesyn": ("timesyncd", "timedatectl timesync-status"),
    "chronyd": ("chrony", "chronyc sources"),
    "ntpd": ("ntpd", "ntpq -p"),
}
_NO_NETWORK = Text(
    "une horloge à pile DS3231 sur le bus I2C (docs/hardware.fr.md) garde l'heure sans réseau",
    "a battery clock DS3231 on the I2C bus (docs/hardware.md) keeps the time without a network",
)


def check(subject: Subject) -> list[Row]:
    """Look at the clock, and at who vouches for it: a time service, a battery, or nobody."""
    world = subject.world
    now = world.clock.now()
    shown = f"{now.astimezone(subject.settings.zone):%Y-%m-%d %H:%M:%S}"
    service, ask = _running(world)
    battery = _battery(world)
    kept = Text(f" ; horloge à pile ({battery})", f"; battery clock ({battery})") if battery else Text("", "")
    if world.clock.synchronized(None):
        by = service or Text("le réseau", "the network")
        finding = f"{shown}, " + Text("mise à l'heure par ", "set by ") + by + kept
        return [well("clock", _CLOCK, finding, None, source=service or "kernel", battery=battery)]
    if now < BUILT:
        finding = shown + Text(" : impossible", ": impossible") + kept
    elif battery:
        finding = (
            f"{shown}, " + Text("que garde l'horloge à pile", "kept by the battery clock") + f" ({battery})"
        )
        return [well("clock", _CLOCK, finding, None, source="rtc", battery=battery)]
    elif service:
        finding = f"{shown}, " + Text(
            f"que {service} n'a pas encore mise à l'heure", f"which {service} has not set yet"
        )
    else:
        finding = f"{shown}, " + Text("que personne ne confirme", "which nobody vouches for")
    source = service or ("rtc" if battery else "none")
    if service:
        cure = Text(
            f"donnez un accès au réseau à cette machine ; « {ask} » dit ce que {service} entend ; ",
            f"give this machine a network; “{ask}” says what {service} hears; ",
        )
        return [to_mend("clock", _CLOCK, finding, cure + _NO_NETWORK, None, source=source, battery=battery)]
    if world.first(*TIME_SERVICES) is None:
        cure = Text("« sudo apt install systemd-timesyncd » ; ", "“sudo apt install systemd-timesyncd”; ")
        return [to_mend("clock", _CLOCK, finding, cure + _NO_NETWORK, None, source=source, battery=battery)]
    cure = Text(
        "« sudo timedatectl set-ntp true » et un accès au réseau ; ",
        "“sudo timedatectl set-ntp true” and a network; ",
    )
    mend = (lambda: _switch_on(world)) if world.path("/run/systemd/system").exists() else None
    return [to_mend("clock", _CLOCK, finding, cure + _NO_NETWORK, mend, source=source, battery=battery)]


def _running(world: World) -> tuple[str | None, str]:
    """Return the time service that runs, and the command that asks it; None when there is none."""
    for path in world.path("/proc").glob("[0-9]*/comm"):
        try:
            name = path.read_text("utf-8", "replace").strip()
        except OSError:  # it has just ended
            continue
        if name in _SOURCES:
            return _SOURCES[name]
    return None, ""


def _battery(world: World) -> str:
    """Return the name of the battery clock, an empty text when there is none."""
    if not world.path("/sys/class/rtc/rtc0").exists():
        return ""
    name = (world.text("/sys/class/rtc/rtc0/name") or "").split()
    return name[0] if name else "rtc0"


def _switch_on(world: World) -> Text:
    """Let the time service of systemd set the clock; return what it waits for."""
    answer = world.run(["timedatectl", "set-ntp", "true"])
    if answer is None or answer.status:
        raise OSError(None, "timedatectl")
    return Text(
        "l'heure vient maintenant du réseau, dès qu'il répond ; relancez doctor dans une minute",
        "the time now comes from the network, as soon as it answers; call doctor again in a minute",
    )
