"""The units of systemd: active, failed, restarted, started at boot."""

from __future__ import annotations

from collections.abc import Callable

from linkymonitor.board import units
from linkymonitor.doctor.base import Row, State, Subject, lasting, to_mend, unseen, well
from linkymonitor.doctor.results import lacks_password
from linkymonitor.doctor.world import World
from linkymonitor.language import Text, counted

_UNITS = Text("services", "services")
_ASKED = (
    "ActiveState",
    "SubState",
    "Result",
    "NRestarts",
    "UnitFileState",
    "ActiveEnterTimestampMonotonic",
)
#: More restarts than this are a fault, until the unit has run for so many seconds since the last one.
_RESTARTS, _SETTLED = 3, 600.0


def check(subject: Subject) -> list[Row]:
    """Look at the units that are wanted: acquire and the report always, deliver where there are sinks."""
    world = subject.world
    if not world.path("/run/systemd/system").exists():
        finding = Text("systemd n'est pas en marche ici", "systemd does not run here")
        return [unseen("units", _UNITS, finding)]
    rows = []
    for unit in units.wanted(subject.settings):
        optional = unit == units.SERVE
        is_installed = any((world.root / folder / unit).exists() for folder in units.FOLDERS)
        if optional and not is_installed:
            continue
        if not is_installed:
            finding = Text("n'est pas installé", "is not installed")
            cure = Text(
                "« sudo make install », ou le paquet Debian ; sans unité, vérifiez votre propre démarrage",
                "“sudo make install”, or the Debian package; without the unit, check your own way to start it",
            )
            rows.append(unseen(unit, Text(unit, unit), finding, cure))
            continue
        row = _unit(world, unit, optional=optional)
        if optional and row.state is State.TO_MEND and lacks_password(subject):
            # To start it would be in vain.
            waits = Text("attend le mot de passe des pages", "waits for the password of the pages")
            row = unseen(unit, Text(unit, unit), waits)
        rows.append(row)
    return rows


def _unit(world: World, unit: str, *, optional: bool) -> Row:
    what = Text(unit, unit)
    answer = world.run(["systemctl", "show", unit, "--property", ",".join(_ASKED)])
    if answer is None or answer.status:
        return unseen(unit, what, Text("systemctl ne répond pas", "systemctl does not answer"))
    state = dict(line.split("=", 1) for line in answer.out.splitlines() if "=" in line)
    active, enabled = state.get("ActiveState", ""), state.get("UnitFileState", "")
    number = state.get("NRestarts", "")
    restarts = int(number) if number.isdecimal() else 0
    times = counted(restarts, Text("fois", "time"), Text("fois", "times"))
    again = Text(f", relancé {times.fr}", f", restarted {times.en}") if restarts else Text("", "")
    if active == "failed" or state.get("SubState", "").startswith("auto-restart"):
        finding = Text(f"en échec ({state.get('Result')})", f"failed ({state.get('Result')})") + again
        cure = Text(
            f"lisez pourquoi : « journalctl -u {unit} -n 30 », corrigez, puis « sudo systemctl restart {unit} »",
            f"read why: “journalctl -u {unit} -n 30”, correct it, then “sudo systemctl restart {unit}”",
        )
        return to_mend(unit, what, finding, cure)
    if active != "active" and optional and enabled != "enabled":
        return well(unit, what, Text("pas en service", "not in use"))
    if active != "active" or enabled not in ("enabled", "static", "enabled-runtime"):
        finding = Text(
            "arrêté" if active != "active" else "en marche, mais pas lancé au démarrage",
            "stopped" if active != "active" else "active, but not started at boot",
        )
        cure = Text(f"« sudo systemctl enable --now {unit} »", f"“sudo systemctl enable --now {unit}”")
        return to_mend(unit, what, finding, cure, _enabler(world, unit))
    if restarts > _RESTARTS:
        # systemd keeps the count for as long as the unit restarts by itself.
        started = state.get("ActiveEnterTimestampMonotonic", "")
        seconds = world.clock.monotonic() - int(started) / 1e6 if started.isdecimal() else 0.0
        since = lasting(seconds)
        finding = Text(f"en marche depuis {since.fr}", f"active for {since.en}") + again
        if seconds >= _SETTLED:
            return well(unit, what, finding + Text(" avant", " before"), None, restarts=restarts)
        cure = Text(
            f"lisez pourquoi : « journalctl -u {unit} -n 50 » ; si c'est corrigé, cette ligne sera bien après 10 "
            "minutes de marche",
            f"read why: “journalctl -u {unit} -n 50”; if that is corrected, this line is well after 10 minutes",
        )
        return to_mend(unit, what, finding, cure, None, restarts=restarts)
    return well(unit, what, Text("en marche", "active"), None, restarts=restarts)


def _enabler(world: World, unit: str) -> Callable[[], None]:
    """Return what enables and starts *unit*."""

    def enable() -> None:
        answer = world.run(["systemctl", "enable", "--now", unit])
        if answer is None or answer.status:
            raise OSError(None, "systemctl")

    return enable
