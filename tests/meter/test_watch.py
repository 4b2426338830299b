"""What is noted of a meter that falls silent or cannot be read."""

from __future__ import annotations

import pytest

from linkymonitor.model.terms import Mode
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup
from tests.support.whole import HISTORIQUE, RELAY, Bench, frame, frames


def test_silence_is_said_once_and_its_end_once(tmp_path):
    bench = Bench(tmp_path, *frames(3), (300.0, frame()), *frames(3)).run()
    warnings = bench.lines("WARN")
    assert len(warnings) == 1
    assert warnings[0].startswith("Compteur muet : aucune trame acceptée depuis 10 s ; vérifiez")
    assert bench.lines("INFO").count("Compteur de nouveau entendu") == 1


def test_a_meter_never_heard_is_said_too(tmp_path):
    bench = Bench(tmp_path, (60.0, b"\x02"))
    bench.run()
    assert len(bench.lines("WARN")) == 1


def test_garbage_is_silence_for_a_relay(tmp_path):
    """Bytes that come without a valid frame must not keep a relay where it is."""
    noise = [(1.0, b"\x55\xaa" * 60)] * 40
    bench = Bench(tmp_path, *frames(3), *noise).everything()
    bench.run()
    heard_at = bench.appliance.meter.health.last_heard
    changes = [(at, level) for at, pin, level in bench.levels if pin == RELAY]
    assert changes[0] == (1002.0, True)
    assert changes[1] == (pytest.approx(heard_at + 15.0, abs=0.001), False)
    assert len(changes) == 2


def test_missing_parity_is_said_once(tmp_path):
    bare = write_frame(Frame(tuple(InfoGroup(*row) for row in HISTORIQUE)), Mode.HISTORIQUE)
    bench = Bench(tmp_path, *[(2.0, bare)] * 10).run()
    assert sum(line.startswith("Source sans bit de parité") for line in bench.lines("INFO")) == 1
