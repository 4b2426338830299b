"""The ways to install, upgrade and remove; each step of an installer twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.box import release
from tests.box.life import INI, LATEST, LOG, STATE, Life
from tests.box.roots import ROOT
from tests.box.stand import Box
from tests.box.table import Table

#: The wheel of version 0.1.0 and the package, as the boxes have them.
WHEEL, DEB = "/srv/linkymonitor-0.1.0-py3-none-any.whl", "/srv/linkymonitor_0.1.0_all.deb"
_APT = "apt-get -o Dpkg::Use-Pty=0 -q -y"
_INSTALL_DEB = f"{_APT} install --reinstall {DEB}"
_MAKE = "cd /srv/linkymonitor && make -s"
_BACKUPS = "/var/backups/linkymonitor"
#: What is ours of a box, but for what changes while the meter is read.
_OURS = (
    f"find {INI} /etc/systemd /opt/linkymonitor /usr/local/bin {_BACKUPS} ! -type d ! -name '*.pyc' "
    "-printf '%p %l %m %u %T@\\n' 2>/dev/null | sort"
)


def package(box: Box, table: Table, name: str) -> None:
    """Live with the Debian package."""
    life = Life(box, table, name, "/usr/bin/linkymonitor")
    _install(life, "apt install ./linkymonitor.deb", _INSTALL_DEB)
    _live(life, "apt install, the second time", _INSTALL_DEB)
    life.hang()
    life.doctor()
    life.whole_log()
    life.cron(_cron_lines())
    _remove(life, "apt remove", f"{_APT} remove linkymonitor", _INSTALL_DEB)
    _purge(life, "apt purge", f"{_APT} purge linkymonitor")


def clone(box: Box, table: Table, name: str) -> None:
    """Live with `make install`."""
    life = Life(box, table, name, "/usr/local/bin/linkymonitor")
    install = f"{_MAKE} install"
    box.run("cd /srv/linkymonitor; setsid packaging/install >/srv/cut.txt 2>&1 & sleep 6; kill -KILL -$!", 60)
    said = box.says("tail -n 1 /srv/cut.txt")
    life.add("make install, killed after 6 s", said, "installed. What is next" not in said or None)
    _install(life, "make install, after that", install)
    _live(life, "make install, the second time", install)
    life.cron(_cron_lines())
    _remove(life, "make uninstall", f"{_MAKE} uninstall", install)
    _purge(life, "make purge", f"{_MAKE} purge")


def by_hand_to_package(box: Box, table: Table, name: str) -> None:
    """Upgrade an installation by hand with the package."""
    _upgrade(Life(box, table, name, "/usr/bin/linkymonitor"), "apt install over it", _INSTALL_DEB)


def by_hand_to_clone(box: Box, table: Table, name: str) -> None:
    """Upgrade an installation by hand with `make install`."""
    _upgrade(
        Life(box, table, name, "/usr/local/bin/linkymonitor"), "make install over it", f"{_MAKE} install"
    )


def _install(life: Life, step: str, command: str) -> None:
    done = life.box.run(command, 300)
    told = "installé. La suite : sudo linkymonitor setup" in done.said
    life.add(step, f"{done.seconds:.0f} s, {_end(done.said)}", done.status == 0 and told)
    if done.status:
        raise SystemExit(f"nothing is installed: {done.said}")


def _live(life: Life, step: str, command: str) -> None:
    """Live the life that boxes share, with the installer called again early in it."""
    life.settings()
    life.start()
    _again(life, step, command)
    life.units()
    life.page_by_timer()
    life.serve()
    life.kill()
    life.reload()


def _again(life: Life, step: str, command: str) -> None:
    """Install again: settings, units and what an owner has switched off stay as they are."""
    box = life.box
    box.run("systemctl disable -q --now linkymonitor-report.timer")
    before = box.says(_OURS)
    done = box.run(command, 300)
    changed = _differences(before, box.says(_OURS))
    held = done.status == 0 and not changed and "La suite" not in done.said
    life.add(step, f"{done.seconds:.0f} s, changed: {changed or 'nothing'}", held)
    off = box.says("systemctl is-enabled linkymonitor-report.timer")
    life.add("… the timer that was switched off", off, off == "disabled")
    box.run("systemctl enable -q --now linkymonitor-report.timer")
    late = box.wait(f"systemctl -q is-active linkymonitor && test -s {LATEST}", 40)
    life.add("… the meter is read", "no" if late is None else "yes", late is not None)


def _remove(life: Life, step: str, command: str, install: str) -> None:
    box = life.box
    kept = f"sha256sum {INI}; ls {LOG}/*linkymonitor.log {STATE}/report/index.html"
    before = box.says(kept)
    for time in ("", ", the second time"):
        done = box.run(command, 120)
        gone = box.says(
            "systemctl --no-legend --plain list-units 'linkymonitor*'; "
            "command -v linkymonitor; ls /opt/linkymonitor /usr/lib/python3/dist-packages/linkymonitor 2>/dev/null; "
            "ls /etc/systemd/system/*.wants /etc/systemd/system | grep linkymonitor | grep -v service.d"
        )
        life.add(
            f"{step}{time}", f"{_end(done.said)}; left: {gone or 'nothing'}", done.status == 0 and not gone
        )
    after = box.says(kept)
    life.add("… settings, log and pages stay", after, after == before)
    box.run(install, 300)
    box.wait(f"systemctl -q is-active linkymonitor && test -s {LATEST}", 40)
    again = box.says(kept)
    life.add("installed again: the settings of before", again, again == before)


def _purge(life: Life, step: str, command: str) -> None:
    box = life.box
    # To apt, a package that it has purged and that no archive has is unknown.
    for time, words in (
        ("", command),
        (", the second time", command.replace(f"{_APT} purge", "dpkg --purge")),
    ):
        done = box.run(words, 120)
        left = life.left()
        held = done.status == 0 and not left and "not removed" not in done.said
        life.add(f"{step}{time}", f"left: {left or 'nothing'}", held)


def _upgrade(life: Life, step: str, command: str) -> None:
    """Install by hand, live a little, then upgrade twice."""
    box = life.box
    if not release.is_there():
        life.add("by hand", "this clone has no history: git fetch --unshallow brings version 0.1.0", None)
        return
    install_by_hand(life)
    late = box.wait(f"test -s {LATEST} && grep -qs DATA {LOG}/*linkymonitor.log", 100)
    life.add(
        "by hand: reading and record", "none" if late is None else f"{late:.0f} s later", late is not None
    )
    box.run(
        f"echo '# a line of the owner' >>{INI}; systemctl stop linkymonitor; cat {LOG}/*.log >/srv/log.before"
    )
    settings = box.says(f"sha256sum {INI}")
    done = box.run(command, 300)
    told = re.findall(r"linkymonitor.*(?:mise de côté|moved aside).*", done.said)
    life.add(
        step,
        f"{done.seconds:.0f} s, {' '.join(told) or _end(done.said)}",
        done.status == 0 and len(told) == 2,
    )
    aside = box.says(f"cd {_BACKUPS}/*/ && find . -maxdepth 4 -name 'linkymonitor*' | sort")
    life.add("… moved aside", aside, all(word in aside for word in ("cron.d", "systemd", "opt", "local/bin")))
    life.add("… settings kept", box.says(f"tail -n 1 {INI}"), box.says(f"sha256sum {INI}") == settings)
    kept = box.run(f"cat {LOG}/*.log | head -c $(stat -c %s /srv/log.before) | cmp - /srv/log.before")
    life.add("… log kept, byte for byte", kept.said or "the same", kept.status == 0)
    life.settings()
    life.start()
    alone = [line for line in life.processes().splitlines() if " acquire" in line]
    cron = box.says("grep -ls report /etc/cron.d/*")
    life.add("… one acquire, no line of cron", f"{' '.join(alone)} {cron}", len(alone) == 1 and not cron)
    before = box.says(f"ls {_BACKUPS}")
    again = box.run(command, 300)
    told = re.findall("moved aside", again.said)
    after = box.says(f"ls {_BACKUPS}")
    life.add(f"{step}, the second time", after, again.status == 0 and not told and before == after)


def install_by_hand(life: Life) -> None:
    """Follow the README of version 0.1.0 word for word, but for what only a Raspberry Pi has."""
    box = life.box
    # Raspberry Pi OS has sudo, the user pi, the groups gpio and i2c, and python3-lgpio.
    box.run(
        "adduser --quiet --disabled-password --gecos '' pi; "
        "addgroup --quiet --system gpio; addgroup --quiet --system i2c; "
        "printf '#!/bin/sh\\nexec \"$@\"\\n' >/usr/bin/sudo; chmod 755 /usr/bin/sudo"
    )
    said, worst = "", 0
    for kind, target, text in _blocks():
        if kind == "sh":
            script = text.replace("apt install", f"{_APT} install").replace(" python3-lgpio", "")
            done = box.run(f"set -e; cd /srv\n{script}", 300)
        else:
            done = box.run(f"cat >{target} <<'END'\n{text}END")
        if done.status:
            said, worst = done.said, done.status
    done = box.run("systemctl daemon-reload; systemctl enable --now linkymonitor")
    life.add(
        "by hand, word for word by the README of 0.1.0", said or _end(done.said), worst == done.status == 0
    )


def _blocks() -> Iterator[tuple[str, str, str]]:
    """Yield the blocks of the README: kind, the file that the line above names, text."""
    for above, kind, text in re.findall(
        r"^([^\n]*)\n\n```(\w*)\n(.*?)^```", release.installation(), re.MULTILINE | re.DOTALL
    ):
        named = re.search(r"in `(/etc/[^`]+)`", above)
        yield (kind if kind == "sh" else "file"), (named[1] if named else ""), text


def _cron_lines() -> str:
    """Return the lines that docs/pi.md has for those who prefer cron."""
    found = re.search(
        r"^```\n([^`]* linkymonitor report)\n```", (ROOT / "docs/pi.md").read_text(), re.MULTILINE
    )
    if found is None:
        raise SystemExit("*** docs/pi.md: no line for cron")
    return found[1]


def _differences(before: str, after: str) -> str:
    names = {line.split()[0] for line in set(before.splitlines()) ^ set(after.splitlines())}
    return " ".join(sorted(names))


def _end(said: str) -> str:
    return said.splitlines()[-1] if said else "nothing said"
