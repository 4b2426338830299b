"""What an installed box does in its life, and what is expected of it: the steps that all ways to install share."""

from __future__ import annotations

import json
import re

from tests.box.stand import Box, Done
from tests.box.table import Table

LATEST = "/run/linkymonitor/latest.json"
LOG, STATE, INI = "/var/log/linkymonitor", "/var/lib/linkymonitor", "/etc/linkymonitor.ini"
INDEX = f"{STATE}/report/index.html"
#: Services and timers that the installers switch on.
SWITCHED_ON = ("linkymonitor.service", "linkymonitor-report.timer", "linkymonitor-serve.service")
#: The greatest exposures, of `systemd-analyze security`.
EXPOSURES = {
    "linkymonitor": 1.0,
    "linkymonitor-deliver": 1.5,
    "linkymonitor-serve": 1.5,
    "linkymonitor-report": 1.5,
}
#: … where the port of the meter is a URL.
EXPOSURE_OF_URL = 2.0
READING_WITHIN = 10.0
#: The port of `linkymonitor serve`, and the megabytes that it may take.
SERVE_PORT, SERVE_MEGABYTES = 8420, 25.0
#: An owner's edit: a record every two frames, written at once.
_EDIT = f"sed -i 's/^frames_per_record.*/frames_per_record = 2/; s/^sync_every.*/sync_every = 1s/' {INI}"


#: What a doctor finds to mend in a box, for lack of a network: the time.
UNMENDED = {"clock"}


def judged(done: Done) -> tuple[str, set[str] | None]:
    """Return in words what `doctor --json` has found, and the names of what is to mend; None: it did not answer."""
    try:
        found = json.loads(done.said)
    except ValueError:
        return f"ended with {done.status}: {done.said}", None
    faults = {row["name"]: row["finding"] for row in found["rows"] if row["state"] not in ("well", "unseen")}
    seen = f"{done.seconds:.1f} s, {found['well']} well, {found['unseen']} unseen, to mend: "
    return seen + ("; ".join(f"{name}: {finding}" for name, finding in faults.items()) or "nothing"), set(
        faults
    )


class Life:
    """The life of one box.

    Args:
        box: is booted.
        name: of the box in the table.
        program: the path of our program inside.
    """

    def __init__(self, box: Box, table: Table, name: str, program: str) -> None:
        self.box, self.name, self.program = box, name, program
        self._table = table

    def add(self, step: str, seen: str, held: bool | None) -> None:
        """Add a row to the table."""
        self._table.add(self.name, step, seen, held)

    def settings(self) -> None:
        """Edit the settings as an owner does, and start anew."""
        done = self.box.run(f"{_EDIT} && systemctl restart linkymonitor")
        self.add("edit the settings, start anew", done.said or "restarted", done.status == 0)

    def start(self) -> None:
        """Look at the services, and time the first reading of a start."""
        states = {unit: self.box.says(f"systemctl is-enabled {unit}") for unit in SWITCHED_ON}
        self.add("switched on", ", ".join(states.values()), set(states.values()) == {"enabled"})
        self.box.run("systemctl stop linkymonitor")
        began = self.box.run("systemctl start linkymonitor")
        late = self.box.wait(f"test -s {LATEST}", 60)
        state = self.box.show("linkymonitor", "ActiveState")
        self.add(
            "start (Type=notify)",
            f"{state} after {began.seconds:.1f} s",
            began.status == 0 and state == "active",
        )
        seconds = None if late is None else began.seconds + late
        self.add(
            "first reading",
            "none in 60 s: " + self.journal() if seconds is None else f"{seconds:.1f} s after the start",
            seconds is not None and seconds <= READING_WITHIN,
        )
        heard = self.box.wait("systemctl show -P StatusText linkymonitor | grep -q bauds", 30)
        self.add("its state in words", self.box.show("linkymonitor", "StatusText"), heard is not None)
        self._owners()
        wrote = self.box.wait(f"grep -hqs DATA {LOG}/*linkymonitor.log", 75)
        self.add(
            "first record in the log", "none" if wrote is None else f"{wrote:.0f} s later", wrote is not None
        )

    def _owners(self) -> None:
        seen = self.box.says(f"stat -c '%U %a %n' {LOG} {STATE} /run/linkymonitor {LATEST}")
        wrong = [line for line in seen.splitlines() if not line.startswith("linkymonitor ")]
        self.add("owner of log, state and latest.json", seen, not wrong and len(seen.splitlines()) == 4)

    def page_by_timer(self) -> None:
        """Let the timer find that it has missed a night, as after a long power cut."""
        drop_in = "/etc/systemd/system/linkymonitor-report.timer.d"
        self.box.run(
            f"systemctl stop linkymonitor-report.timer; rm -f {INDEX}; mkdir -p {drop_in}; "
            f"printf '[Timer]\\nRandomizedDelaySec=0\\nAccuracySec=1s\\n' >{drop_in}/soon.conf; "
            "systemctl daemon-reload; "
            "touch -d '2 days ago' /var/lib/systemd/timers/stamp-linkymonitor-report.timer; "
            "systemctl start linkymonitor-report.timer"
        )
        late = self.box.wait(f"test -s {INDEX}", 60)
        self.box.wait("systemctl show -P ActiveState linkymonitor-report | grep -q inactive", 60)
        result = self.box.show("linkymonitor-report", "Result")
        pages = self.box.says(f"ls {STATE}/report | grep -c html")
        seen = (
            self.journal("linkymonitor-report")
            if late is None
            else f"{pages} pages {late:.0f} s later, {result}"
        )
        self.add("pages by the timer, which a night missed", seen, late is not None and result == "success")
        self.box.run(f"rm -r {drop_in}; systemctl daemon-reload; systemctl restart linkymonitor-report.timer")
        # In days the lines may be in any language; the time of the next run is in none.
        due = self.box.says("systemctl list-timers --no-pager --no-legend linkymonitor-report.timer")
        self.add("next run of the timer", due, " 00:1" in due)

    def kill(self) -> None:
        """Kill the process that reads the meter, as the kernel does when memory is short."""
        self._end("kill -KILL", "kill -9", 40)

    def hang(self) -> None:
        """Stop the process; it does not end, and feeds no watchdog."""
        self._end("kill -STOP", "hang (SIGSTOP)", 90)
        told = self.box.says("journalctl -u linkymonitor -o cat | grep -ci 'watchdog timeout'")
        self.add("it was the watchdog", f"{told} lines of the journal name it", told not in ("", "0"))

    def _end(self, command: str, step: str, seconds: float) -> None:
        before = int(self.box.show("linkymonitor", "NRestarts") or 0)
        was = self.journal_lines("relais")
        self.box.run(f"{command} $(systemctl show -P MainPID linkymonitor)")
        again = self.box.wait(
            f"test $(systemctl show -P NRestarts linkymonitor) -gt {before} && systemctl -q is-active linkymonitor "
            f"&& test -s {LATEST} && test {LATEST} -nt /proc/$(systemctl show -P MainPID linkymonitor)",
            seconds,
        )
        restarts = self.box.show("linkymonitor", "NRestarts")
        seen = self.journal() if again is None else f"reads again after {again:.0f} s, {restarts} restarts"
        self.add(step, seen, again is not None)
        # The sentence of `safe`, with or without relays.
        told = self.journal_lines("relais")
        self.add(f"{step}: safe was called", f"{told - was} sentence", told > was)

    def reload(self) -> None:
        """Read wrong settings, then right ones, while the meter is read."""
        box = self.box
        pid = box.show("linkymonitor", "MainPID")
        box.run(
            f"cp -p {INI} /srv/right.ini; sed -i 's/^frames_per_record.*/frames_per_record = beaucoup/' {INI}"
        )
        since = box.says("date '+%Y-%m-%d %H:%M:%S'")
        done = box.run("systemctl reload linkymonitor")
        box.wait(f"journalctl -u linkymonitor -o cat --since '{since}' | grep -q frames_per_record", 15)
        told = box.says(
            f"journalctl -u linkymonitor -o cat --since '{since}' | grep frames_per_record | head -3"
        )
        same = box.show("linkymonitor", "MainPID") == pid
        self.add("reload with a wrong setting: told", told, "beaucoup" in told)
        count = int(box.says(f"cat {LOG}/*linkymonitor.log | grep -c DATA"))
        on = box.wait(f"test $(cat {LOG}/*linkymonitor.log | grep -c DATA) -gt {count}", 30)
        self.add(
            "… and the meter is read on",
            f"reload ended with {done.status}, the same process: {same}, next record "
            + ("none" if on is None else f"{on:.0f} s later"),
            same and on is not None,
        )
        box.run(f"cat /srv/right.ini >{INI}")
        since = box.says("sleep 1; date '+%Y-%m-%d %H:%M:%S'")
        box.run("systemctl reload linkymonitor")
        box.wait(f"journalctl -u linkymonitor -o cat --since '{since}' | grep -q 'glages relus'", 15)
        told = box.says(f"journalctl -u linkymonitor -o cat --since '{since}' | grep 'glages relus'")
        same = box.show("linkymonitor", "MainPID") == pid
        self.add("reload with right settings", told, bool(told) and same)

    def whole_log(self) -> None:
        """Let `report` judge the day's log after kills and hangs."""
        done = self.box.run(f"runuser -u linkymonitor -- {self.program} report -o /tmp/judged", 120)
        self.add(
            "the log after all this, read by report",
            done.said,
            done.status == 0 and "illisible" not in done.said,
        )

    def units(self) -> None:
        """Judge the units by this systemd."""
        for unit, most in EXPOSURES.items():
            self._exposure(unit, most, "")
        to_url = f"sed -i '/^.meter.$/,/^.log.$/s|^port *=.*|port = socket://127.0.0.1:9|' {INI}"
        drop_in = f"{self.program} setup --only units --yes"
        self.box.run(f"cp -p {INI} /srv/port.ini; {to_url} && {drop_in}")
        self._exposure("linkymonitor", EXPOSURE_OF_URL, ", the meter is a URL")
        self.box.run(f"cat /srv/port.ini >{INI}; {drop_in}; systemctl restart linkymonitor")
        self.box.wait(f"systemctl -q is-active linkymonitor && test -s {LATEST}", 40)
        names = " ".join(f"{unit}.service" for unit in EXPOSURES) + " linkymonitor-report.timer"
        done = self.box.run(f"systemd-analyze verify --recursive-errors=yes --man=no {names}")
        self.add("systemd-analyze verify", done.said or "no complaint", done.status == 0 and not done.said)

    def _exposure(self, unit: str, most: float, condition: str) -> None:
        said = self.box.says(f"systemd-analyze security --no-pager {unit}.service | tail -n 1")
        found = re.search(r"([\d.]+) [A-Z]+", said)
        held = found is not None and float(found[1]) <= most
        self.add(f"security of {unit}{condition}", found[0] if found else said, held)

    def serve(self) -> None:
        """Fetch a page."""
        if self.box.run(f"{self.program} serve --help").status:
            self.add("serve", "the program has no such command", None)
            return
        fetch = (
            'python3 -c "from urllib.request import urlopen as u; '
            f"r = u('http://127.0.0.1:{SERVE_PORT}/'); print(r.status, len(r.read()))\""
        )
        late = self.box.wait(f"{fetch} | grep -q ^200", 40)
        seen = self.journal("linkymonitor-serve") if late is None else self.box.says(fetch) + " bytes"
        self.add("serve: the calendar", seen, late is not None)
        peak = self.box.says("grep VmHWM /proc/$(systemctl show -P MainPID linkymonitor-serve)/status")
        found = re.search(r"(\d+) kB", peak)
        megabytes = int(found[1]) / 1024 if found else None
        self.add("serve: memory", peak, megabytes is not None and megabytes <= SERVE_MEGABYTES)

    def doctor(self) -> None:
        """Ask the doctor, while the meter is read."""
        if self.box.run(f"{self.program} doctor --help").status:
            self.add("doctor", "the program has no such command", None)
            return
        done = self.box.run(f"{self.program} doctor --json", 120)
        seen, faults = judged(done)
        self.add("doctor", seen, faults is not None and faults <= UNMENDED)
        alive = self.box.show("linkymonitor", "ActiveState")
        self.add("doctor disturbs nothing", f"linkymonitor is {alive}", alive == "active")

    def cron(self, lines: str) -> None:
        """Draw the pages by the documented *lines* of cron, at each minute, instead of the timer."""
        often = re.sub(r"^\d+ \d+", "* *", lines, flags=re.MULTILINE)
        self.box.run(
            f"systemctl disable -q --now linkymonitor-report.timer; rm -f {INDEX}; "
            f"cat >/etc/cron.d/linkymonitor <<'END'\n{often}\nEND\n"
        )
        late = self.box.wait(f"test -s {INDEX}", 90)
        seen = (
            self.box.says("journalctl -o cat -u cron | tail -n 4")
            if late is None
            else f"pages {late:.0f} s later"
        )
        self.add("pages by the documented line of cron", seen, late is not None)
        self.box.run("rm -f /etc/cron.d/linkymonitor; systemctl enable -q --now linkymonitor-report.timer")

    def processes(self) -> str:
        """Return the command lines of our processes; a small Debian has no pgrep."""
        return self.box.says(
            "for one in /proc/[0-9]*; do tr '\\0' ' ' 2>/dev/null <$one/cmdline | "
            "grep -aE '^[^ ]*python3? [^ ]*/linkymonitor ' ; done"
        )

    def left(self) -> str:
        """Return what is left of us after a purge."""
        aside = [
            "/proc",
            "/sys",
            "/srv",
            "/tmp",
            "/var/cache/apt",
            "/var/log/journal",
            "/var/backups/linkymonitor",
        ]
        left_out = " -o ".join(f"-path {path}" for path in aside)
        files = self.box.says(
            f"find / -xdev \\( {left_out} \\) -prune -o -iname '*linkymonitor*' -print; "
            "getent passwd linkymonitor; getent group linkymonitor; "
            "systemctl --no-legend --plain list-units --all 'linkymonitor*' | grep -v not-found"
        )
        return f"{files}\n{self.processes()}".strip()

    def journal(self, unit: str = "linkymonitor") -> str:
        """Return the last lines of the journal of *unit*."""
        return self.box.says(f"journalctl -u {unit} -o cat | tail -n 8")

    def journal_lines(self, word: str) -> int:
        """Return how many lines of the journal have *word*."""
        return int(self.box.says(f"journalctl -u linkymonitor -o cat | grep -c {word}") or 0)
