"""What the shapes over InfluxDB 1 share: readings as they come, and the log where there was none."""

# Strategy
#
# - The programs whose shapes these are write each frame. So a reading is a point of the second in which it was heard.
# - A record of the log is written when no reading of its last seconds was: while the database or this program was away.
# - Which readings were written is known until a restart. After it a record of the minutes before may be written beside
#   them: one more point, with the mean power of the record.

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from linkymonitor.errors import BadSetting, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.model.terms import TRUSTED_FOR
from linkymonitor.sinks import influxdb
from linkymonitor.sinks.base import Live, Row
from linkymonitor.sinks.base import Settings as Common

#: A record is longer than two frames, and at most about this long.
_RECORD = timedelta(seconds=30)
#: So many readings are remembered: an hour of one a second.
_REMEMBERED = 3600


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class InfluxSettings(Common):
    """The keys of every ``[sink:NAME]`` with ``type = influxdb`` and another shape than ours."""

    #: The address of the server, such as http://192.168.1.20:8086.
    url: str
    #: The name of the database.
    database: str
    #: The user, and the file of his password.
    user: str | None = None
    password_file: Path | None = None
    #: The certificates that are trusted; empty: those of the system.
    ca: Path | None = None
    #: yes: the password may go to another machine without TLS.
    allow_plaintext: bool = False

    def __post_init__(self) -> None:
        faults: list[Text] = []
        for check in (lambda: Common.__post_init__(self), self.server):
            try:
                check()
            except BadSetting as error:
                faults += error.faults
        if not self.database.isprintable() or '"' in self.database:
            faults.append(
                Text(
                    f"database = {self.database} : on attend un nom sans guillemet",
                    f"database = {self.database}: expected a name without a quote",
                )
            )
        if faults:
            raise BadSetting(*faults)

    def server(self) -> influxdb.Settings:
        """Return the settings of the server.

        Raises:
            BadSetting: they cannot be used.
        """
        settings = influxdb.Settings(
            name=self.name,
            url=self.url,
            version=1,
            database=self.database,
            user=self.user,
            password_file=self.password_file,
            ca=self.ca,
            allow_plaintext=self.allow_plaintext,
        )
        settings.house = self.house
        return settings


class LiveOverInflux(ABC):
    """A sink that writes each reading, and the records in between."""

    def __init__(self, settings: InfluxSettings) -> None:
        self.server = influxdb.InfluxDB(settings.server())
        #: When the readings that the database has were heard.
        self._written: deque[datetime] = deque(maxlen=_REMEMBERED)
        self._is_prepared = False

    @abstractmethod
    def prepare(self) -> None:
        """Create the retention policy and the continuous queries that this shape needs, where the database lacks them.

        Raises:
            SinkUnavailable: the server is away, or does not do it.
        """

    @abstractmethod
    def write_reading(self, reading: Live, at: datetime) -> None:
        """Write *reading*, which was heard *at*."""

    @abstractmethod
    def write_rows(self, records: Sequence[Row]) -> None:
        """Write *records*, of which no reading was written."""

    def live(self, reading: Live) -> bool:
        """Write *reading*, unless it is old or has no date; return whether it was written.

        Raises:
            SinkUnavailable, SinkRefused: the database does not take it.
        """
        if reading.taken_at is None or reading.age > TRUSTED_FOR:
            return False
        with self._prepared():
            self.write_reading(reading, reading.taken_at)
        self._written.append(reading.taken_at)
        return True

    def write(self, records: Sequence[Row]) -> bool:
        """Return once the database has what there is of *records*, and whether it lacked one.

        Raises:
            SinkUnavailable, SinkRefused: the database does not take them.
        """
        missing = [row for row in records if not self._has(row)]
        if missing:
            with self._prepared():
                self.write_rows(missing)
        return bool(missing)

    def test(self) -> Text:
        """Prepare the database as for a reading; return a sentence that names what the server has accepted.

        Raises:
            SinkUnavailable: the server is away, or refuses.
        """
        with self._prepared():
            return Text("la connexion", "the connection")

    def close(self) -> None:
        """Close the connection."""
        self.server.close()

    def _has(self, row: Row) -> bool:
        """Return whether a reading of the last seconds of *row* was written."""
        begin, end = row.ended_at - _RECORD, row.ended_at + timedelta(seconds=1)
        if not self._written or self._written[0] >= end:
            return False
        newest = next(at for at in reversed(self._written) if at < end)
        return newest > begin

    @contextmanager
    def _prepared(self) -> Iterator[None]:
        """Prepare the database, again after a failure: somebody may have removed it."""
        try:
            if not self._is_prepared:
                self.prepare()
                self._is_prepared = True
            yield
        except SinkUnavailable:
            self._is_prepared = False
            raise


def field_text(value: str) -> str:
    """Return *value* as a field of the line protocol."""
    text = "".join(letter if letter.isprintable() else " " for letter in value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
