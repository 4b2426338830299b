"""acquire starts with whatever is missing: network, clock, display, a disk that can be written, alone and together."""

from __future__ import annotations

import errno
import itertools
import json
import os
import socket
from datetime import UTC, datetime

import pytest

from linkymonitor.system.storage import Storage
from tests.support.fakes import ToldDisk
from tests.support.whole import RELAY, START, Bench, frames
from tests.support.wrong_clocks import Machine

MISSING = ("network", "clock", "display", "disk")
COMBINATIONS = [frozenset(some) for count in range(5) for some in itertools.combinations(MISSING, count)]
#: Half of them take longer than the log waits before it is written.
FRAMES = 80


class Card(ToldDisk):
    """The real disk, but for the files of the log, which can only be read while ``read_only`` is set."""

    read_only = False

    def open(self, path: str, flags: int, mode: int = 0o666) -> int:
        if self.read_only and path.endswith(".log") and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
        return super().open(path, flags, mode)


@pytest.mark.parametrize("missing", COMBINATIONS, ids=lambda some: " and ".join(sorted(some)) or "nothing")
def test_the_box_starts_without(missing, tmp_path, monkeypatch):
    """The relay obeys and latest.json is there with the first frames; what was missing loses no frame when it comes."""
    if "network" in missing:

        def unreachable(*_: object, **__: object) -> socket.socket:
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))

        monkeypatch.setattr(socket, "socket", unreachable)
    clock = Machine(START)
    clock.is_kept, clock.vouched = False, "clock" not in missing
    if "clock" in missing:
        clock.wrong = datetime(1970, 1, 1, tzinfo=UTC) - START
    card = Card(lambda what: None)
    card.read_only = "disk" in missing
    bench = Bench(tmp_path, *frames(FRAMES), clock=clock, storage=Storage(card))
    if "display" in missing:
        bench.glass.ailment = OSError(errno.EREMOTEIO, "Remote I/O error")
    bench.everything()
    seen: list[float] = []
    midway: list[object] = []

    def heal(_: object) -> None:
        seen.append(clock.monotonic())
        if len(seen) == FRAMES // 2:
            document = json.loads((tmp_path / "run/latest.json").read_text())
            midway.extend((document["values"]["PAPP"], bool(bench.pins.pin(RELAY).state), bench.glass.lit))
            midway.append(bool(bench.lines("DATA")))
            clock.serve()
            card.read_only, bench.glass.ailment = False, None

    bench.appliance.callbacks = [heal]
    began = clock.monotonic()
    bench.run()
    assert seen[0] - began <= 10
    assert midway == [3010, True, "display" not in missing, not {"clock", "disk"} & missing]
    assert sum(record.frames for record in bench.records) == FRAMES
    assert bench.glass.transfers > 0
