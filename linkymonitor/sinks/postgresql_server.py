"""A connection to PostgreSQL: TLS, time limits, and what its errors mean."""

# Strategy
#
# - The library, psycopg, is imported when the sink is made, because most boxes have no PostgreSQL.
# - The server ends a statement that lasts too long. A server that is silent cannot, so a timer closes the socket then.
# - While a connection is made, libpq has only words for what is wrong, in the language of the server, and no code. So
#   a refused password, an unknown database and a bad certificate share one remedy, which lists their keys.

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from linkymonitor.language import Text
from linkymonitor.sinks.network import connection_cause, library, no_answer, tls_context
from linkymonitor.sinks.sql_server import (
    KEYS,
    Connection,
    Fault,
    Server,
    ServerSettings,
    sentence,
)

_PORT = 5432
#: The share of the time that the server has, so that it is the one that ends a slow statement, and not the timer.
_OF_THE_SERVER = 0.9
#: The certificates of the system as one file, which libpq needs before version 16.
_SYSTEM_CA = "/etc/ssl/certs/ca-certificates.crt"
#: The first version of libpq that finds the certificates of the system by itself.
_FINDS_CA = 160000

#: Classes of SQLSTATE that are about the data: data exception, integrity violation, limit exceeded.
_ABOUT_THE_DATA = ("22", "23", "54")
_NO_PARTITION = "23514"
_TIMED_OUT = "57014"
_DEADLOCKS = ("40001", "40P01")
#: What libpq writes before the fault itself: the address, which our own sentence has, too.
_BEFORE_THE_FAULT = re.compile(r"^(connection failed: )?connection to server [^\n]*? failed: ")
_REMEDIES = {
    "42501": Text(
        "donnez ce droit à l'utilisateur, ou faites exécuter par le propriétaire de la base les fichiers "
        "de etc/sql/postgresql (docs/postgresql.fr.md)",
        "grant the user this right, or let the owner of the database run the files of etc/sql/postgresql "
        "(docs/postgresql.md)",
    ),
    "53100": Text("faites de la place sur le serveur", "make room on the server"),
    "25006": Text(
        "nommez dans host le serveur principal, pas une copie", "in host, name the primary, not a standby"
    ),
}


class PostgreSQL(Server):
    """One database of a PostgreSQL server.

    Raises:
        ConfigError: psycopg is missing, or a file of the settings cannot be used.
    """

    def __init__(self, settings: ServerSettings) -> None:
        super().__init__(settings, _PORT)
        self._psycopg = library(
            "psycopg", section=settings.section, extra="postgresql", debian="python3-psycopg libpq5"
        )
        if settings.tls:
            tls_context(settings.ca, section=settings.section)
        self._timed_out = False

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What psycopg raises."""
        return (self._psycopg.Error,)

    def connect(self) -> Connection:
        """Return a new connection, in UTC, outside of a transaction."""
        self._timed_out = False
        settings = self.settings
        given = {
            "host": settings.host,
            "port": self.port,
            "user": settings.user,
            "password": self.password,
            "dbname": settings.database,
            "connect_timeout": int(self.patience),
            "client_encoding": "utf8",
            "application_name": "linkymonitor",
            **self._tls(),
        }
        connection: Any = self._psycopg.connect(
            **{key: value for key, value in given.items() if value is not None},
            prepare_threshold=None,  # a pooler between us and the server may not keep prepared statements
            autocommit=True,
        )
        try:
            with self.limited(connection):
                most = self.patience * _OF_THE_SERVER * 1000
                connection.execute(f"SET TimeZone = 'UTC'; SET statement_timeout = {most:.0f}")
            connection.autocommit = False
        except BaseException:
            connection.close()
            raise
        made: Connection = connection
        return made

    def _tls(self) -> dict[str, str]:
        if not self.settings.tls:
            return {"sslmode": "disable"}
        certificates = self.settings.ca
        if certificates is None:
            version: int = self._psycopg.pq.version()
            return {"sslmode": "verify-full", "sslrootcert": "system" if version >= _FINDS_CA else _SYSTEM_CA}
        return {"sslmode": "verify-full", "sslrootcert": str(certificates)}

    @contextmanager
    def limited(self, connection: Connection) -> Iterator[None]:
        """Close the socket of *connection* when the server is silent for too long."""
        of_psycopg: Any = connection
        ours = socket.socket(fileno=os.dup(of_psycopg.fileno()))

        def cut() -> None:
            self._timed_out = True
            with suppress(OSError):
                ours.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(self.patience, cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            ours.close()

    def fault(self, error: Exception) -> Fault:
        """Return what *error* of psycopg means."""
        code: str | None = getattr(error, "sqlstate", None)
        of_psycopg: Any = self._connection
        lost: bool = of_psycopg is None or of_psycopg.closed
        if self._timed_out or code == _TIMED_OUT or (of_psycopg is None and "timeout expired" in str(error)):
            return Fault(no_answer(self.patience, KEYS), lost=lost, silent=True)
        if of_psycopg is None:
            return Fault(self._why_no_connection(str(error)), lost=True)
        if code == _NO_PARTITION and not error.diag.constraint_name:  # type: ignore[attr-defined]
            return Fault(
                sentence(
                    str(error),
                    Text(
                        "créez la partition de ce mois, ou une partition DEFAULT",
                        "create the partition of that month, or a DEFAULT partition",
                    ),
                )
            )
        if code is None:
            # psycopg itself refuses what no statement can carry.
            return Fault(sentence(str(error)), refused=isinstance(error, self._psycopg.DataError), lost=lost)
        return Fault(
            sentence(str(error), _REMEDIES.get(code)),
            refused=code.startswith(_ABOUT_THE_DATA),
            passing=code in _DEADLOCKS,
            lost=lost,
        )

    def _why_no_connection(self, words: str) -> Text:
        """Return why no connection was made, of which libpq has the *words* alone."""
        if not self.settings.is_socket:
            try:
                socket.create_connection((self.settings.host, self.port), self.patience).close()
            except OSError as error:
                return connection_cause(error, KEYS)
        remedy = Text(
            "vérifiez port, tls, ca, user, password_file et database",
            "check port, tls, ca, user, password_file and database",
        )
        return sentence(_BEFORE_THE_FAULT.sub("", words), remedy)
