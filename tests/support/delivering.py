"""A box that delivers: a log, a configuration, and a sink of the user that writes down what it gets."""

from __future__ import annotations

import json
import os
from pathlib import Path

from linkymonitor.live.latest import Latest
from linkymonitor.system.storage import Storage
from tests.support.commands import daemon
from tests.support.queue import Box

#: A sink of the user: it appends each call to a file, as JSON, and does what files beside it ask for.
SINK = """
import json, os, time
from dataclasses import dataclass
from pathlib import Path
from linkymonitor.errors import SinkRefused, SinkUnavailable
from linkymonitor.sinks.base import Settings as Common

@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(Common):
    folder: Path

class Sink:
    def __init__(self, settings):
        self.folder = settings.folder

    def keep(self, kind, items):
        if (self.folder / "hang").exists():
            time.sleep(3600)
        if (self.folder / "away").exists():
            raise SinkUnavailable("nobody answers")
        if (self.folder / "broken").exists():
            raise ZeroDivisionError("broken")
        if (self.folder / "slow").exists():
            time.sleep(0.05)
        with open(self.folder / "kept", "a") as file:
            for item in items:
                file.write(json.dumps([kind, *item]) + "\\n")

    def write(self, records):
        if (self.folder / "poison").exists():
            bad = int((self.folder / "poison").read_text())
            if any(row.fields["index_HN"] == bad for row in records):
                raise SinkRefused("this one")
        self.keep("record", [(row.fields["index_HN"],) for row in records])

    def events(self, events):
        kept = [(e.kind, e.value, e.since.isoformat() if e.since else None) for e in events if e.kind != "note"]
        self.keep("event", kept)

    def live(self, reading):
        self.keep("live", [(reading.fields.get("power"), reading.age, str(reading.taken_at))])

    def close(self):
        pass
"""


class House:
    """A box with a log, a configuration and two sinks: one of the user, and CSV files."""

    def __init__(self, folder: Path, call, caplog) -> None:
        self.folder = folder
        self._call = call
        self._caplog = caplog
        self.box = Box(folder / "log")
        (folder / "own").mkdir()
        (folder / "own/mine.py").write_text(SINK)
        (folder / "run").mkdir()
        self.config = folder / "box.ini"
        self.latest = Latest(Storage(), folder / "run")
        self.sections = f"[sink:mine]\ntype = own.mine\nfolder = {folder}\nbatch = 7\n"
        self.csv = f"[sink:files]\ntype = csv\ndir = {folder / 'csv'}\n"

    def configure(self, sections: str | None = None) -> None:
        self.config.write_text(
            f"[general]\nruntime_dir = {self.folder / 'run'}\nstate_dir = {self.folder / 'state'}\nlang = en\n"
            f"[log]\ndir = {self.folder / 'log'}\n" + (self.sections if sections is None else sections)
        )

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": f"{self.folder}{os.pathsep}{Path.cwd()}", "LANG": "en_GB.UTF-8"}

    def deliver(self, *words: str, status: int = 0) -> str:
        """Run `deliver` with *words* to its end, in this process; return what it prints."""
        self._caplog.clear()
        found, out, err = self._call("deliver", "-c", self.config, *words)
        self.errors = err + self._caplog.text
        assert found == status, self.errors
        return out

    def daemon(self):
        return daemon("deliver", "-c", self.config, PYTHONPATH=self.environ["PYTHONPATH"])

    def kept(self, kind: str = "record") -> list:
        path = self.folder / "kept"
        lines = path.read_text().splitlines() if path.exists() else []
        items = [json.loads(line) for line in lines]
        return [item[1] if kind == "record" else item[1:] for item in items if item[0] == kind]

    def status(self, status: int = 0) -> dict:
        return json.loads(self.deliver("--status", "--json", status=status))["sinks"]

    def ask(self, what: str, text: str = "") -> Path:
        path = self.folder / what
        path.write_text(text)
        return path

    def has_begun(self) -> bool:
        return (self.folder / "state/deliver/sink-mine.json").exists()
