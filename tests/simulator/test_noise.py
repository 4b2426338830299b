"""Noise on the simulated line."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from linkymonitor.model.terms import Mode
from linkymonitor.simulator.options import NOISES
from linkymonitor.tic import parity
from linkymonitor.tic.decoder import FrameDecoder
from tests.simulator.houses import house, sent, wire


@pytest.mark.parametrize("spec", ["historique,hc", "standard,tri"])
@pytest.mark.parametrize("share", [0.01, 0.2])
def test_as_many_lines_are_hurt_as_was_asked(spec, share):
    simulated = house(f"{spec},noise={share}")
    for _ in itertools.islice(simulated.frames(), 2000 if share < 0.1 else 600):
        pass
    hurt, lines = simulated.noise.hits.total(), simulated.noise.lines
    assert hurt == pytest.approx(share * lines, rel=0.15)
    assert set(simulated.noise.hits) == set(NOISES)
    assert min(simulated.noise.hits.values()) > 0.5 * hurt / len(NOISES)


@pytest.mark.parametrize("kind", ["flip", "flips"])
def test_parity_shows_one_bit_and_not_two(kind):
    simulated = house(f"standard,noise=0.02,kinds={kind}")
    decoder, causes = FrameDecoder(Mode.STANDARD), Counter()
    for _, raw in itertools.islice(simulated.frames(), 300):
        assert kind == "flip" or parity.odd(raw) == 0
        for frame in decoder.feed(raw):
            causes.update(rejected.why for rejected in frame.rejected)
    # A bit of LF or CR changes more than one line.
    shown = causes["parity"] / causes.total()
    assert shown > 0.85 if kind == "flip" else shown == 0


@pytest.mark.parametrize("kind", NOISES)
def test_a_hurt_line_differs_and_the_others_arrive(kind):
    clean = [frame for _, frame in sent("standard", 60)]
    simulated = house(f"standard,noise=0.05,kinds={kind}")
    hurt = [frame for _, frame in itertools.islice(simulated.frames(), 60)]
    assert hurt != clean
    assert any(received == other for received, other in zip(hurt, clean, strict=True))
    assert set(simulated.noise.hits) == {kind}
    if kind == "cut":
        cut = [frame for frame, whole in zip(hurt, clean, strict=True) if frame != whole]
        assert len(cut) == simulated.noise.hits["cut"]
        assert all(whole.startswith(frame) for frame, whole in zip(hurt, clean, strict=True))


def test_noise_without_parity_stays_in_seven_bits():
    assert max(wire("standard,parity=no,noise=0.5", 50)) < 0x80
