"""Meters whose frames go through acceptance: what each sends, and what is believed of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from linkymonitor.meter.acceptance.frame import Acceptance
from linkymonitor.model import epochs
from linkymonitor.model.terms import Mode
from linkymonitor.tic.frame import Frame, InfoGroup
from linkymonitor.tic.interpret import interpret
from linkymonitor.tic.labels import BY_MODE

HISTORIQUE, STANDARD = Mode.HISTORIQUE, Mode.STANDARD
NOON = datetime(2026, 1, 13, 11, tzinfo=UTC)

EJP = {
    "ADCO": "022162000001",
    "OPTARIF": "EJP.",
    "ISOUSC": "45",
    "EJPHN": "004669447",
    "EJPHPM": "000476413",
    "PTEC": "HN..",
    "IINST": "005",
    "IMAX": "090",
    "PAPP": "01150",
    "HHPHC": "A",
    "MOTDETAT": "000000",
}
TRI = {
    "ADCO": "022163000001",
    "OPTARIF": "BASE",
    "ISOUSC": "20",
    "BASE": "020682581",
    "PTEC": "TH..",
    "IINST1": "005",
    "IINST2": "001",
    "IINST3": "000",
    "IMAX1": "060",
    "IMAX2": "060",
    "IMAX3": "060",
    "PMAX": "04476",
    "PAPP": "01380",
    "PPOT": "00",
}
SHORT = {"ADIR1": "022", "ADCO": "022163000001", "IINST1": "022", "IINST2": "001", "IINST3": "000"}
TEMPO = {
    "ADSC": "022162000001",
    "VTIC": "02",
    "DATE": ("", "H260113120000"),
    "NGTF": "     TEMPO      ",
    "LTARF": "    HP  BLEU    ",
    "EAST": "000000063",
    **{f"EASF{number:02d}": "000000000" for number in range(1, 11)},
    "EASF01": "000000021",
    "EASF02": "000000042",
    "IRMS1": "005",
    "URMS1": "230",
    "PREF": "09",
    "PCOUP": "09",
    "SINSTS": "01150",
    "SMAXSN": ("03411", "H260113070120"),
    "CCASN": ("01200", "H260113113000"),
    "STGE": "013A0401",
    "MSG1": "PAS DE          MESSAGE         ",
    "PRM": "00000000000001",
    "RELAIS": "000",
    "NTARF": "02",
}


class Line:
    """A meter's frames on their way through acceptance, 1.5 s apart."""

    def __init__(self, base, mode=None, *, live=False):
        self.mode = mode or (STANDARD if "ADSC" in base else HISTORIQUE)
        self.base = dict(base)
        self.acceptance = Acceptance(self.mode, live=live)
        self.now = 100.0
        self.causes = []
        #: Indexes that did not go on from the one said before, as the ledger and the report see it.
        self.epochs = []
        self._indexes = {}

    def send(self, changes=None, *, without=(), rejected=(), after=1.5, base=None, **more):
        """Return what is believed of the next frame, by label."""
        self.now += after
        said = {**(base or self.base), **(changes or {}), **more}
        rank = list(BY_MODE[self.mode])
        labels = sorted(
            said.keys() - set(without), key=lambda label: -1 if "ADIR" in label else rank.index(label)
        )
        groups = []
        for label in labels:
            data, horodate = said[label] if isinstance(said[label], tuple) else (said[label], None)
            if label == "DATE" and self.mode is STANDARD and label not in (changes or more):
                at = NOON + timedelta(hours=1, seconds=int(self.now))
                horodate = f"H{at:%y%m%d%H%M%S}"
            groups.append(InfoGroup(label, data, horodate))
        return self.take(Frame(tuple(groups), tuple(rejected)))

    def take(self, frame):
        self.accepted = self.acceptance.accept(frame, self.now)
        self.causes += [held.cause for held in self.accepted.held]
        for name, wh in self.reading.indexes.items():
            before, at = self._indexes.get(name, (wh, self.now))
            if epochs.advance(before, wh) > epochs.most(self.now - at, 9000):
                self.epochs.append(name)
            self._indexes[name] = wh, self.now
        return {group.label: group.data for group in self.accepted.frame.groups}

    def settle(self, **fields):
        for _ in range(4):
            self.send(**fields)
        assert not self.causes
        return self

    @property
    def reading(self):
        return interpret(self.accepted.frame, self.mode, NOON)

    @property
    def why(self):
        """What is known of the groups that were taken out, by label."""
        separator = self.mode.separator
        return {one.raw.split(separator)[0].decode(): one.why for one in self.accepted.frame.rejected}
