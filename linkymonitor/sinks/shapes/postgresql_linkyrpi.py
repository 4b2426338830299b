"""The tables of LinkyRPi in PostgreSQL: Compteur, Abonnement and Mesures."""

# Strategy
#
# - A row of Mesures is a record of the log, one in each `rows_every`. When a reading of its last seconds is at hand,
#   the row has what LinkyRPi would have made of that frame; else it has what the log has, and NULL elsewhere.
# - A row belongs to a contract. The contract of a record is found by its meter, its tariff and its subscribed power, as
#   LinkyRPi finds it; these come from the log, so that a record finds the same one whether a reading is at hand or not.
#   A new contract closes the one that was open. One of the past, of which later records are there already, is closed
#   when it is made.
# - DateHeureLinky is the end of the record, in the time zone of the house, which is that of the meter.
# - All of a batch is one transaction, and a slot of time that has a row gets no second one: what comes twice, after a
#   crash, changes nothing.

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4
from zoneinfo import ZoneInfo

from linkymonitor.errors import SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.sinks.base import Live, Row
from linkymonitor.sinks.postgresql_server import PostgreSQL
from linkymonitor.sinks.shapes.linkyrpi_values import CONTRACTS, Values, name_of_contract, values_of
from linkymonitor.sinks.shapes.recent import Recent
from linkymonitor.sinks.shapes.their_table import (
    Slots,
    TableSettings,
    Taken,
    TheirTable,
    address_of,
    may_not_make,
)
from linkymonitor.sinks.sql_server import Cursor, clean
from linkymonitor.system.resources import shipped

NEEDS_RAW = True
_OPEN, _CLOSED = "OPEN", "CLOS"
_DATE = "dateheurelinky"
_OF_METER = "mesures JOIN abonnement USING (abonnementid) WHERE adressecompteur = %s"
_FILE = "etc/sql/shapes/linkyrpi.sql"
#: Table → the columns without which there is no row.
_NEEDED = {
    "compteur": ("adressecompteur", "typecompteur"),
    "abonnement": (
        *("abonnementid", "adressecompteur", "tarifsouscrit", "intensitesouscrite"),
        *("datecre", "dateclos", "status"),
    ),
    "mesures": ("abonnementid", _DATE),
}
_LOCAL_TIME = "timestamp without time zone"
#: The indexes of the distributor under the off-peak contract → how Mesures names them as well.
_SEASONS = {1: "HCSaisonBasse", 2: "HPSaisonBasse", 3: "HCSaisonHaute", 4: "HPSaisonHaute"}
_COLOURS = {"BLEU": "Bleu", "BLAN": "Blanc", "ROUG": "Rouge"}
_RELAYS = 8
#: A server that was too slow for the sink may still be committing when the sink tries again, and a look at the table
#: does not show these rows yet. So one transaction at a time looks and inserts.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('linkymonitor.mesures'))"


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(TableSettings):
    """``[sink:NAME]`` with ``type = postgresql`` and ``shape = linkyrpi``."""

    #: The shortest time between two rows; LinkyRPi calls it refreshDB.
    rows_every: timedelta = timedelta(seconds=60)


class _Contract(NamedTuple):
    """What tells a contract from others; what the log does not know of it is None."""

    address: str
    tariff: str | None
    power: int | None


class LinkyRPiTables:
    """The tables in one database."""

    def __init__(self, settings: Settings) -> None:
        self._server = PostgreSQL(settings)
        self._zone = ZoneInfo(settings.house.timezone)
        self._number = settings.meter_number
        self._slots = Slots.of(settings.rows_every)
        self._recent = Recent()
        self._meters, self._contracts, self._measures = (
            TheirTable(settings.section, name) for name in _NEEDED
        )
        #: The slots that Mesures has; None: the tables were not looked at since the server was away.
        self._taken: Taken | None = None

    def live(self, reading: Live) -> bool:
        """Keep *reading* for the record that it belongs to; nothing is sent."""
        self._recent.add(reading)
        return False

    def write(self, records: Sequence[Row]) -> None:
        """Return once there is a row for *records*, one in each `rows_every`.

        Raises:
            SinkUnavailable: the server is away, or refuses for a reason that its owner can mend.
            SinkRefused: it refuses at least one of the rows.
        """
        completed = self._recent.complete(records)
        try:
            if self._taken is None:
                self._server.run(self._look)
                self._taken = Taken(self._slots, _DATE, _OF_METER)
            taken = self._taken
            inserted = self._server.run(lambda cursor: self._insert(cursor, completed, taken))
        except SinkUnavailable:
            self._taken = None
            raise
        for address, date in inserted.items():
            taken.add(address, date)

    def close(self) -> None:
        """Close the connection."""
        self._server.close()

    def _look(self, cursor: Cursor) -> None:
        """Make the tables that are not there, and note their columns."""
        tables = (self._meters, self._contracts, self._measures)
        for again in (False, True):
            for table in tables:
                table.look(cursor, "current_schema()", "is_generated = 'ALWAYS'")
            if again or all(table.columns for table in tables):
                break
            cursor.execute("SELECT has_schema_privilege(current_schema(), 'CREATE')")
            if not cursor.fetchall()[0][0]:
                missing = next(table.name for table in tables if not table.columns)
                raise may_not_make(self._server.place, missing, _FILE)
            cursor.execute(shipped(_FILE).read_text(encoding="utf-8"))
        for table in tables:
            for column in _NEEDED[table.name]:
                if column not in table.columns:
                    raise SinkUnavailable(
                        self._not_theirs(f"{table.name}.{column}", Text("manque", "is missing"))
                    )
        kind = self._measures.columns.pop(_DATE).type
        if kind != _LOCAL_TIME:
            fault = Text(
                f"est de type {kind}, on attend {_LOCAL_TIME}", f"is of type {kind}, expected {_LOCAL_TIME}"
            )
            raise SinkUnavailable(self._not_theirs(f"mesures.{_DATE}", fault))

    def _not_theirs(self, column: str, fault: Text) -> Text:
        """Return the *fault* of a *column*, and what to do about it."""
        return Text(
            f"{self._server.place} : la colonne {column} {fault.fr} ; nommez une autre base par database",
            f"{self._server.place}: the column {column} {fault.en}; name another database by database",
        )

    def _insert(
        self, cursor: Cursor, completed: Sequence[tuple[Row, Live | None]], taken: Taken
    ) -> dict[str, datetime]:
        """Insert a row for each of *completed* whose slot has none; return address → time of its last row."""
        cursor.execute(_LOCK)
        dates = [row.ended_at.astimezone(self._zone).replace(tzinfo=None) for row, _ in completed]
        slots: dict[str, set[datetime]] = {}
        inserted: dict[str, datetime] = {}
        contracts: dict[_Contract, str] = {}
        rows: list[dict[str, object]] = []
        for (row, reading), date in zip(completed, dates, strict=True):
            contract = self._contract_of(row)
            address = contract.address
            if address not in slots:
                slots[address] = taken.among(cursor, address, dates)
            slot = self._slots.begin(date)
            if slot in slots[address]:
                continue
            slots[address].add(slot)
            inserted[address] = max(date, inserted.get(address, date))
            values = values_of_log(row) if reading is None else values_of(reading, self._number)
            if contract not in contracts:
                self._keep_meter(cursor, address, values)
                contracts[contract] = self._contract(cursor, contract, values, date)
            cells = self._measures.fitting(measures_of(values))
            rows.append({**cells, "abonnementid": contracts[contract], _DATE: date.isoformat()})
        self._add(cursor, self._measures, rows)
        return inserted

    def _keep_meter(self, cursor: Cursor, address: str, values: Values) -> None:
        """Make the row of the meter, or fill it in when it was made before a frame was heard."""
        names = ("PRM", "TypeCompteur", "NomCompteur", "VersionTIC")
        cells = {name.lower(): str(values.get(name, "")) for name in names}
        cursor.execute("SELECT typecompteur = '' FROM compteur WHERE adressecompteur = %s", (address,))
        found = cursor.fetchall()
        if not found:
            fitting = self._meters.fitting({**cells, "adressecompteur": address})
            self._add(cursor, self._meters, [fitting])
        elif found[0][0] and cells["typecompteur"]:
            fitting = self._meters.fitting(cells)
            given = ", ".join(f"{name} = %s" for name in fitting)
            cursor.execute(
                f"UPDATE compteur SET {given} WHERE adressecompteur = %s", (*fitting.values(), address)
            )

    def _contract_of(self, row: Row) -> _Contract:
        """Return the contract of *row*; its power is in kVA, whatever LinkyRPi calls it."""
        tariff = None
        if row.contract:
            # A name that is too long for the column is found again only when it is cut.
            tariff = clean(name_of_contract(row.contract, row.contract))
            tariff = tariff[: self._contracts.columns["tarifsouscrit"].longest]
        power = None if row.subscribed_power is None else row.subscribed_power // 1000
        return _Contract(address_of(row, self._number), tariff, power)

    def _contract(self, cursor: Cursor, contract: _Contract, values: Values, date: datetime) -> str:
        """Return the id of the row of *contract*, which is made when there is none."""
        # A record that does not name its tariff or its power belongs to the newest contract that it may belong to.
        columns = ("adressecompteur", "tarifsouscrit", "intensitesouscrite")
        known = {name: value for name, value in zip(columns, contract, strict=True) if value is not None}
        cursor.execute(
            f"SELECT abonnementid::text FROM abonnement WHERE {' AND '.join(f'{name} = %s' for name in known)}"
            " ORDER BY datecre DESC LIMIT 1",
            list(known.values()),
        )
        if found := cursor.fetchall():
            return str(found[0][0])
        cursor.execute(
            "SELECT MIN(datecre) FROM abonnement WHERE adressecompteur = %s AND datecre > %s",
            (contract.address, date),
        )
        later: datetime | None = cursor.fetchall()[0][0]
        if later is None:
            cursor.execute(
                f"UPDATE abonnement SET status = '{_CLOSED}', dateclos = %s"
                f" WHERE adressecompteur = %s AND status = '{_OPEN}'",
                (date, contract.address),
            )
        cells = {
            "adressecompteur": contract.address,
            "tarifsouscrit": contract.tariff,
            "horaireshc": values.get("HorairesHC", ""),
            "intensitesouscrite": contract.power,
            "puissancecoupure": values.get("PuissanceCoupure"),
            "status": _OPEN if later is None else _CLOSED,
        }
        made = str(uuid4())
        more = {"abonnementid": made, "datecre": date.isoformat()}
        if later is not None:
            more["dateclos"] = later.isoformat()
        self._add(cursor, self._contracts, [{**self._contracts.fitting(cells), **more}])
        return made

    @staticmethod
    def _add(cursor: Cursor, table: TheirTable, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert *rows*, which have no value that does not fit."""
        if rows:
            columns = ", ".join(f'"{name}"' for name in sorted(set().union(*rows)))
            cursor.execute(
                f"INSERT INTO {table.name} ({columns}) SELECT {columns}"
                f" FROM json_populate_recordset(NULL::{table.name}, %s::json)",
                (json.dumps(rows),),
            )


def values_of_log(row: Row) -> Values:
    """Return name → value of what the log has, by the names of LinkyRPi."""
    fields = row.fields
    values: Values = {"TarifSouscrit": name_of_contract(row.contract, row.contract)}
    _, registers = CONTRACTS.get(row.contract, ("", ()))
    if registers and row.period:
        values["PeriodeTarifaireEnCours"] = row.period
    indexes = {f"Index{name}": fields.get(f"index_{code}") for code, name in _registers(row.contract)}
    total = fields.get("index_total")
    if total is None and indexes and None not in indexes.values():
        total = sum(index for index in indexes.values() if index is not None)
    named = {
        **indexes,
        "IndexTotal": total if row.contract in CONTRACTS else None,
        "PuissanceApparente": fields.get("power"),
        **{f"IntensiteInstantaneePhase{phase}": fields.get(f"current_{phase}") for phase in (1, 2, 3)},
        **{f"TensionEfficacePhase{phase}": fields.get(f"voltage_{phase}") for phase in (1, 2, 3)},
    }
    values |= {name: value for name, value in named.items() if value is not None}
    for name, word in (("CouleurTEMPOJour", "colour"), ("CouleurTEMPODemain", "tomorrow")):
        if word in row.words:
            values[name] = _COLOURS[row.words[word]]
    return values


def _registers(contract: str) -> list[tuple[str, str]]:
    """Return the code of each register of *contract* in the log, and its name."""
    if contract == "BASE":
        return [("TH", "Base")]
    codes = {"EJPNormale": "HN", "EJPPointe": "PM"}
    return [(codes.get(name, name), name) for name in CONTRACTS.get(contract, ("", ()))[1]]


def measures_of(values: Values) -> dict[str, object]:
    """Return column → value of Mesures."""
    cells: dict[str, object] = {
        name.replace("-", "").lower(): value.replace("'", " ") if isinstance(value, str) else value
        for name, value in values.items()
    }
    if values.get("TarifSouscrit") == CONTRACTS["HC"][0]:
        for number, season in _SEASONS.items():
            cells[f"index{season}".lower()] = values.get(f"EnergieActiveSoutireeDistributeurIndex{number}")
    relays = values.get("Relais")
    if isinstance(relays, str) and len(relays) == _RELAYS:
        # The last digit is the first relay, the contact of the meter.
        for number, digit in enumerate(reversed(relays), 1):
            cells[f"relais{number}"] = digit == "1"
    return cells


#: The name under which every module of a sink has its class.
Sink = LinkyRPiTables
