"""A port that another program holds, or that the user may not open."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from linkymonitor.errors import LineBusy
from linkymonitor.source.holders import openers
from tests.source.wires import FRAME, hear, retry, set_rights

pytestmark = pytest.mark.usefixtures("english")


def test_a_second_reader_is_told_who_holds_the_port_and_reads_nothing(meter, opened):
    source = opened(meter.path)
    meter.write(FRAME)
    name = Path("/proc/self/comm").read_text().strip()
    with pytest.raises(LineBusy) as refusal:
        opened(meter.path, speed=1200)
    assert (
        str(refusal.value) == f"{meter.path}: already read by {name} (process {os.getpid()}); stop it first"
    )
    assert meter.listened_at == 9600
    assert b"".join(hear(source, len(FRAME))) == FRAME


def test_a_second_process_is_kept_out_too(meter, opened):
    source = opened(meter.path)
    meter.write(FRAME)
    second = (
        "import sys\n"
        "from linkymonitor.system.clock import SystemClock\n"
        "from linkymonitor.errors import LineBusy\n"
        "from linkymonitor.source.open import open_source\n"
        "try:\n"
        "    open_source(sys.argv[1], clock=SystemClock()).read(1.0)\n"
        "except LineBusy as refusal:\n"
        "    print(refusal)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", second, meter.path],
        env={**os.environ, "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert f"(processus {os.getpid()}) ; arrêtez-le d'abord" in run.stdout
    assert b"".join(hear(source, len(FRAME))) == FRAME


def test_the_port_is_free_once_it_is_closed(meter, opened):
    for _ in range(3):
        source = opened(meter.path)
        meter.write(FRAME)
        assert b"".join(hear(source, len(FRAME))) == FRAME
        source.close()


def fake_root(path: Path, *, cmdline: str = "quiet", holder: tuple[int, str, str] | None = None) -> Path:
    """Return the root folder of a machine with *cmdline*, and with a process that has a file open."""
    proc = path / "proc"
    proc.mkdir()
    (proc / "cmdline").write_text(cmdline + "\n")
    if holder is not None:
        pid, name, target = holder
        (proc / str(pid) / "fd").mkdir(parents=True)
        (proc / str(pid) / "comm").write_text(name + "\n")
        (proc / str(pid) / "fd" / "3").symlink_to(target)
    return path


def test_the_holder_is_found_by_its_open_files_where_locks_are_not_told(meter, opened, tmp_path):
    opened(meter.path)
    root = fake_root(tmp_path, holder=(123, "minicom", meter.path))
    with pytest.raises(LineBusy, match=r"already read by minicom \(process 123\)"):
        opened(meter.path, root=root)


def test_a_holder_that_cannot_be_seen_is_another_program(meter, opened, tmp_path):
    opened(meter.path)
    with pytest.raises(LineBusy, match="already read by another program"):
        opened(meter.path, root=fake_root(tmp_path))


def test_a_port_that_somebody_takes_while_it_was_away_is_waited_for(dongle, opened, clock, said):
    dongle.plug()
    source = opened(dongle.link)
    dongle.unplug()
    source.read(0.0)
    dongle.plug()
    thief = opened(dongle.link)
    for _ in range(5):
        assert source.read(60.0) == b""
    thief.close()
    retry(source, clock)
    dongle.meter.write(FRAME)
    assert b"".join(hear(source, len(FRAME))) == FRAME
    assert [line.split()[0] for line in said()] == ["WARNING", "WARNING", "INFO"]
    assert "already read by" in said()[1]


def test_a_reader_that_did_not_ask_is_pointed_out(meter, opened, said, tmp_path):
    root = fake_root(tmp_path, holder=(123, "cat", meter.path))
    opened(meter.path, root=root)
    assert said() == [
        f"WARNING {meter.path}: also open in cat (process 123), which will take some of the bytes; stop it"
    ]


def test_the_far_end_of_a_pty_is_no_reader_of_it(meter, opened, said, tmp_path):
    root = fake_root(tmp_path, holder=(123, "socat", meter.path))
    (root / "proc/123/fd/4").symlink_to("/dev/ptmx")
    opened(meter.path, root=root)
    assert said() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be two users")
def test_a_process_that_was_killed_leaves_a_pty_that_anybody_can_open(meter, opened):
    opened(meter.path)
    Path(meter.path).chmod(0o666)
    os.seteuid(65534)
    try:
        descriptor = os.open(meter.path, os.O_RDWR | os.O_NOCTTY)
        assert os.isatty(descriptor)
        os.close(descriptor)
    finally:
        os.seteuid(0)


def test_a_refusal_names_the_cure_and_is_tried_again(meter, opened, clock, said, nobody):
    rights = Path(meter.path)
    as_root = os.geteuid() == 65534
    set_rights(rights, 0, as_root)
    source = opened(meter.path)
    for _ in range(5):
        assert source.read(60.0) == b""
    user = pwd.getpwuid(os.geteuid()).pw_name
    group = grp.getgrgid(rights.stat().st_gid).gr_name
    group = "dialout" if group in ("tty", "root") else group
    (line,) = said()
    assert line.startswith(
        f"WARNING {meter.path}: access denied to user {user}; run “sudo adduser {user} {group}”"
    )
    set_rights(rights, 0o666, as_root)
    retry(source, clock)
    meter.write(FRAME)
    assert b"".join(hear(source, len(FRAME))) == FRAME
    assert said()[1:] == [f"INFO {meter.path}: readable again"]


@pytest.mark.parametrize("cause", ["kernel", "login"])
def test_a_serial_console_is_pointed_out_with_its_cure(meter, opened, said, tmp_path, cause):
    number = Path(meter.path).name
    if cause == "kernel":
        root = fake_root(tmp_path, cmdline=f"console=tty1 console=pts/{number},115200 quiet")
    else:
        root = fake_root(tmp_path)
        wants = root / "etc/systemd/system/getty.target.wants"
        wants.mkdir(parents=True)
        (wants / f"serial-getty@{number}.service").touch()
    opened(meter.path, root=root)
    (line,) = said()
    assert "the serial console uses this port" in line
    assert f"sudo systemctl mask --now serial-getty@{number}" in line


@pytest.mark.skipif(os.geteuid() != 0, reason="a list of mounts of its own needs root")
def test_a_terminal_of_the_same_number_in_a_container_is_another_one(meter):
    """A container has pseudo-terminals of its own, numbered from 0 as those of the machine."""
    number = int(Path(meter.path).resolve().name)
    inside = (
        "import os, subprocess, sys\n"
        "pairs = [os.openpty() for _ in range(int(sys.argv[1]) + 1)]\n"
        "login = subprocess.Popen(['sleep', '60'], stdin=pairs[-1][1])\n"
        "print(login.pid, flush=True)\n"
        "sys.stdin.readline()\n"
        "login.kill()\n"
    )
    script = 'mount -t devpts -o newinstance,ptmxmode=666 devpts /dev/pts && exec "$0" -c "$1" "$2"'
    with subprocess.Popen(
        [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            script,
            sys.executable,
            inside,
            str(number),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as container:
        assert container.stdout is not None
        assert container.stdin is not None
        login = container.stdout.readline().strip()
        if not login:
            pytest.skip("this system allows no devpts of one's own")
        try:
            assert Path("/proc", login, "fd/0").readlink() == Path(meter.path).resolve()
            assert int(login) not in openers(meter.path, Path("/"))
        finally:
            container.stdin.write("\n")
            container.stdin.close()
