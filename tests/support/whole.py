"""An appliance of real parts in a folder, frames for it, and a list of what it does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from linkymonitor.appliance import Appliance
from linkymonitor.daily_log import files
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.live.latest import Latest
from linkymonitor.meter.meter import Meter
from linkymonitor.model.terms import Mode
from linkymonitor.outputs import led, relay
from linkymonitor.outputs.display import oled
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.state.ledger import Ledger
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup
from linkymonitor.tic.labels import BY_MODE
from tests.support.fake_oled import FakeOled
from tests.support.fakes import Bytes, ToldDisk, told_pins

START = datetime(2027, 1, 13, 11, 0, 0, tzinfo=UTC)
LAMP, RELAY = 25, 17
HISTORIQUE = (
    ("ADCO", "041876543210"),
    ("OPTARIF", "EJP."),
    ("ISOUSC", "45"),
    ("EJPHN", "000688322"),
    ("EJPHPM", "000080072"),
    ("PTEC", "HN.."),
    ("IINST", "013"),
    ("IMAX", "090"),
    ("PAPP", "03010"),
    ("HHPHC", "A"),
    ("MOTDETAT", "000000"),
)
SHORT = (("ADCO", "041876543210"), ("IINST1", "061"), ("IINST2", "012"), ("IINST3", "003"))
#: NOI-CPT_02E table 5: in a short frame the ADIR groups come first.
ALARMED = (("ADIR1", "061"), *SHORT)


def frame(groups=HISTORIQUE, mode=Mode.HISTORIQUE, **changes) -> bytes:
    """Return a frame of *groups* on the wire, in the order of a meter; a change of None leaves the group out."""
    places = {label: place for place, label in enumerate(BY_MODE[mode])}
    rows = [(label, changes.pop(label, data)) for label, data in groups]
    if changes:
        rows = sorted([*rows, *changes.items()], key=lambda row: places[row[0]])
    said = tuple(InfoGroup(label, data) for label, data in rows if data is not None)
    return write_frame(Frame(said), mode, parity=True)


class Bench:
    """An appliance of real parts in *folder*; ``events`` has its changes of pins, display and files, in order."""

    def __init__(
        self,
        folder,
        *chunks,
        outputs=None,
        mode=Mode.HISTORIQUE,
        clock=None,
        storage=None,
        lang="fr",
        **parts,
    ):
        self.folder = folder
        self.clock = clock or WireClock(START)
        self.events: list[str] = []
        self.source = Bytes(self.clock, chunks, mode)
        self.glass = FakeOled("ssd1306", 128, 32)
        self.glass.on_transfer = lambda count: self.events.append("display")
        #: The monotonic time, the pin and the level of each change.
        self.levels: list[tuple[float, int, bool]] = []
        self.pins = told_pins(self._changed)
        self.hardware = Hardware(pins=self.pins, i2c=self.glass, clock=self.clock)
        self.disk = ToldDisk(self.events.append)
        self.storage = storage or Storage(self.disk)
        (folder / "run").mkdir(exist_ok=True)
        self.log = DailyLog(self.storage, LogSettings(dir=folder), self.clock, salt="pepper", lang=lang)
        self.appliance = Appliance(
            meter=Meter(self.source, self.clock),
            clock=self.clock,
            log=self.log,
            aggregator=Aggregator(8),
            ledger=Ledger(ZoneInfo("Europe/Paris")),
            latest=Latest(self.storage, folder / "run"),
            outputs=outputs if outputs is not None else [],
            **parts,
        )

    def _changed(self, pin: int, level: bool) -> None:
        self.events.append(f"pin {pin} {int(level)}")
        self.levels.append((self.clock.monotonic(), pin, level))

    def everything(self) -> Bench:
        """Add a relay, a lamp and a display."""
        self.appliance.outputs = [
            relay.Relay(relay.Settings(pin=RELAY, rule="ejp", fail_state=False, name="tank"), self.hardware),
            led.Lamp(led.Settings(pin=LAMP, name="ejp"), self.hardware),
            oled.Output(oled.Settings(), self.hardware),
        ]
        return self

    def run(self, until=float("inf")) -> Bench:
        self.appliance.run(until)
        return self

    def lines(self, status: str) -> list[str]:
        """Return the texts of the lines of the log with this *status*."""
        rows = [
            row.split("\t")
            for path in sorted(self.folder.glob("*.log"))
            for row in path.read_text().splitlines()
        ]
        return [row[2] for row in rows if row[1] == status]

    @property
    def records(self):
        return list(files.records(self.folder, START - timedelta(days=1), START + timedelta(days=2)))


def frames(count: int, every: float = 2.0, **changes) -> list[tuple[float, bytes]]:
    return [(every, frame(**changes)) for _ in range(count)]
