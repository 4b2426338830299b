"""The row of the clock: who sets it, and what is left to wait for after `--fix`."""

from __future__ import annotations

import re
from datetime import datetime

from linkymonitor.commands.doctor import examine
from linkymonitor.doctor import clock
from linkymonitor.doctor.base import State
from linkymonitor.doctor.world import Answer
from tests.doctor.house import NOON, SetClock, fault, one, subject


def test_a_clock_that_nobody_vouches_for_and_an_impossible_one_are_named(machine, tmp_path):
    machine.file("/lib/systemd/systemd-timesyncd")
    doubtful = machine.world(clock=SetClock(vouched=False))
    row = fault(
        clock.check(subject(tmp_path, doubtful)), "clock", finding="personne ne confirme", cure="set-ntp"
    )
    assert row.figures["source"] == "none"
    past = machine.world(clock=SetClock(datetime(1970, 1, 1, tzinfo=NOON.tzinfo), vouched=False))
    fault(clock.check(subject(tmp_path, past)), "clock", finding="impossible", cure="DS3231")
    machine.file("/sys/class/rtc/rtc0/name", "rtc-ds1307 1-0068\n")
    row = one(clock.check(subject(tmp_path, doubtful)), "clock")
    assert row.state is State.WELL
    assert "que garde l'horloge à pile (rtc-ds1307)" in str(row.finding)
    assert row.figures["source"] == "rtc"


def test_the_service_that_sets_the_clock_is_named_and_one_that_hears_nothing_is_asked(machine, tmp_path):
    machine.file("/proc/77/comm", "chronyd\n")
    row = one(clock.check(subject(tmp_path, machine.world())), "clock")
    assert str(row.finding).endswith("mise à l'heure par chrony")
    assert row.figures["source"] == "chrony"
    doubtful = machine.world(clock=SetClock(vouched=False))
    row = fault(
        clock.check(subject(tmp_path, doubtful)),
        "clock",
        finding="que chrony n'a pas encore",
        cure="chronyc sources",
    )
    assert row.mend is None


def test_fix_does_not_call_a_clock_mended_that_waits_for_the_network(machine, tmp_path, capsys):
    machine.file("/lib/systemd/systemd-timesyncd")
    machine.file("/run/systemd/system/x")
    machine.answers["timedatectl set-ntp true"] = Answer(0, "")
    looked_at = subject(tmp_path, machine.world(clock=SetClock(vouched=False)))
    assert examine(looked_at, fix=True, json=False) == 1
    (row, cure) = re.search(r"(à réparer  horloge.*)\n(.*)\n", capsys.readouterr().out).groups()
    assert row.endswith("; remède appliqué")
    assert "vient maintenant du réseau, dès qu'il répond" in cure
    assert "timedatectl set-ntp true" in machine.called


def test_a_system_without_a_time_service_is_told_which_to_install(machine, tmp_path):
    doubtful = machine.world(clock=SetClock(vouched=False))
    row = fault(clock.check(subject(tmp_path, doubtful)), "clock", finding="personne", cure="apt install")
    assert row.mend is None
