"""``python -m bench.mqtt_values PORT FOLDER NUMBER``: takes live values from latest.json to a broker, at once."""

# What deliver does each second, in one thread and without waiting: so its instructions can be counted.

from __future__ import annotations

import itertools
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bench import streams
from linkymonitor.daily_log.follower import Follower
from linkymonitor.delivery.events import Watch, Watched
from linkymonitor.delivery.feeder import Feeder
from linkymonitor.delivery.state import Standing, StateFolder
from linkymonitor.live.latest import Document
from linkymonitor.live.reading import Watcher
from linkymonitor.model.reading import View
from linkymonitor.model.terms import Mode
from linkymonitor.sinks import mqtt
from linkymonitor.sinks.base import Configured, House
from linkymonitor.system.storage import Storage
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.interpret import interpret

#: So many different frames follow each other, over and over.
_FRAMES = 4


def main(port: int, folder: Path, number: int) -> None:
    """Publish *number* live values; what is kept goes to *folder*."""
    clock = itertools.count(1)  # seconds
    settings = mqtt.Settings(name="house", host="127.0.0.1", port=port)
    settings.house = House(folder=folder)
    feeder = Feeder(
        "house",
        Configured(mqtt.Mqtt, settings, "mqtt"),
        mqtt.Mqtt(settings),
        Follower(folder, Storage()),
        StateFolder(folder, Storage()),
        Standing(),
        monotonic=lambda: float(next(clock)),
    )
    wires = b"".join(itertools.islice(streams.moving(Mode.STANDARD), _FRAMES))
    readings = [
        interpret(frame, Mode.STANDARD, datetime.now(UTC))
        for frame in FrameDecoder(Mode.STANDARD).feed(wires)
    ]
    contents = [Document().of(View(reading=reading, now=time.monotonic())) for reading in readings]
    watcher, watch = Watcher(folder), Watch(Watched(), None)
    for one in range(number):
        (folder / "latest.json").write_bytes(contents[one % _FRAMES])
        watcher.changed()
        newest = watcher.read()
        assert newest is not None
        watch.update(newest, 0.1, datetime.now(UTC))
        feeder.show(newest)
        feeder.step()
    feeder.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
