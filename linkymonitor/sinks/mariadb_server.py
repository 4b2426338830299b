"""A connection to MariaDB or MySQL: TLS, time limits, and what its errors mean."""

# Strategy
#
# - The library, PyMySQL, is imported when the sink is made, because most boxes have no MariaDB.
# - Strict mode and UTC are set in each session: what the server has by default would cut a text that is too long, and
#   shift an instant.
# - Older versions of PyMySQL go on without TLS when the server offers none. So this is looked at before the password is
#   sent.

from __future__ import annotations

from typing import Any

from linkymonitor.language import Text
from linkymonitor.sinks.network import connection_cause, library, no_answer, tls_cause, tls_context
from linkymonitor.sinks.sql_server import (
    KEYS,
    Connection,
    Cursor,
    Fault,
    Server,
    ServerSettings,
    sentence,
)

_PORT = 3306
#: The server gives up a lock before PyMySQL gives up the server, in seconds.
_ROW_LOCK_MOST, _TABLE_LOCK_MOST = 5, 8
_SESSION = (
    "SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',"
    f" innodb_lock_wait_timeout = {_ROW_LOCK_MOST}, lock_wait_timeout = {_TABLE_LOCK_MOST}"
)

#: Bad value, text too long, number out of range, NULL where none may be, constraint, statement too long.
_ABOUT_THE_DATA = frozenset((1048, 1062, 1153, 1264, 1265, 1292, 1366, 1367, 1406, 1411, 3819, 4025))
_DEADLOCK = 1213
#: No right to a table, to the database, or to an operation.
_DENIED = frozenset((1142, 1044, 1227))
_PASSWORD = Text("corrigez user et password_file", "correct user and password_file")
_ROOM = Text("faites de la place sur le serveur", "make room on the server")
_PRIMARY = Text(
    "nommez dans host le serveur principal, pas une copie", "in host, name the primary, not a replica"
)
_REMEDIES = {
    **dict.fromkeys(
        _DENIED,
        Text(
            "donnez ce droit à l'utilisateur, ou faites exécuter par le propriétaire de la base les fichiers "
            "de etc/sql/mariadb (docs/postgresql.fr.md)",
            "grant the user this right, or let the owner of the database run the files of etc/sql/mariadb "
            "(docs/postgresql.md)",
        ),
    ),
    **dict.fromkeys((1045, 1698), _PASSWORD),
    # Without any right to a database, the server does not say whether it is there.
    **dict.fromkeys(
        (1044, 1049),
        Text(
            "créez la base et donnez-y tous les droits à l'utilisateur, ou corrigez database",
            "create the database and grant the user all rights to it, or correct database",
        ),
    ),
    1130: Text(
        "sur le serveur, permettez à cet utilisateur de venir de cette machine",
        "on the server, allow this user to come from this machine",
    ),
    **dict.fromkeys((1021, 1030, 1114), _ROOM),
    **dict.fromkeys((1290, 1792, 1836), _PRIMARY),
}
#: What PyMySQL itself finds.
_CANNOT_CONNECT, _NO_MYSQL, _LOST, _NO_TLS = 2003, 2007, 2013, 2026


class MariaDB(Server):
    """One database of a MariaDB or MySQL server.

    Raises:
        ConfigError: PyMySQL is missing, or a file of the settings cannot be used.
    """

    def __init__(self, settings: ServerSettings) -> None:
        super().__init__(settings, _PORT)
        self._pymysql = library(
            "pymysql", section=settings.section, extra="mariadb", debian="python3-pymysql"
        )
        self._tls = tls_context(settings.ca, section=settings.section) if settings.tls else None

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What PyMySQL raises."""
        return (self._pymysql.err.Error,)

    def may_change(self, cursor: Cursor, statement: str) -> bool:
        """Run *statement*, which changes a table; return False when the user may not do that."""
        try:
            cursor.execute(statement)
        except self._pymysql.err.Error as error:
            if _code(error) not in _DENIED:
                raise
            return False
        return True

    def connect(self) -> Connection:
        """Return a new connection, in UTC, outside of a transaction."""
        settings = self.settings
        where = (
            {"unix_socket": settings.host}
            if settings.is_socket
            else {
                "host": settings.host,
                "port": self.port,
                "ssl": self._tls,
                "ssl_disabled": self._tls is None,
            }
        )
        try:
            made: Connection = self._class()(
                **where,
                user=settings.user,
                password=self.password or "",
                database=settings.database,
                charset="utf8mb4",
                init_command=_SESSION,
                connect_timeout=self.patience,
                read_timeout=self.patience,
                write_timeout=self.patience,
            )
        except RuntimeError as error:
            # A library for the way in which the server wants the password is missing; the words of PyMySQL name it.
            raise self._pymysql.err.OperationalError(_CANNOT_CONNECT, str(error)) from error
        except (IndexError, ValueError, AssertionError, self._pymysql.err.InternalError) as error:
            if _code(error):
                raise
            raise self._pymysql.err.OperationalError(_NO_MYSQL, "") from error
        return made

    def _class(self) -> Any:  # noqa: ANN401 -- PyMySQL has no types
        """Return the class of a connection, which never sends a password without TLS when TLS is wanted."""
        pymysql, wanted = self._pymysql, self._tls is not None and not self.settings.is_socket

        class Guarded(pymysql.connections.Connection):  # type: ignore[misc,name-defined]
            def _request_authentication(self) -> None:
                if wanted and not self.server_capabilities & pymysql.constants.CLIENT.SSL:
                    raise pymysql.err.OperationalError(_NO_TLS, "")
                super()._request_authentication()

        return Guarded

    def fault(self, error: Exception) -> Fault:
        """Return what *error* of PyMySQL means."""
        of_pymysql: Any = self._connection
        lost: bool = of_pymysql is None or not of_pymysql.open
        code, words = _code(error), str(error.args[1]) if len(error.args) > 1 else str(error)
        if code == _NO_MYSQL:
            return Fault(
                Text(
                    "ce qui répond n'est pas MariaDB ; corrigez host et port",
                    "what answers is no MariaDB; correct host and port",
                ),
                lost=True,
            )
        if code == _NO_TLS:
            return Fault(
                Text(
                    "le serveur n'offre pas TLS ; activez-le sur le serveur, ou écrivez tls = non",
                    "the server offers no TLS; enable it on the server, or write tls = no",
                ),
                lost=True,
            )
        original = getattr(error, "original_exception", None)
        if isinstance(original, TimeoutError) or (code == _LOST and "timed out" in words):
            return Fault(no_answer(self.patience, KEYS), lost=lost, silent=True)
        if isinstance(original, OSError):
            without = Text("tls = non", "tls = no")
            return Fault(
                tls_cause(original, self.settings.host, "host", without) or connection_cause(original, KEYS),
                lost=True,
            )
        return Fault(
            sentence(words, _REMEDIES.get(code)),
            refused=code in _ABOUT_THE_DATA or isinstance(error, self._pymysql.err.DataError),
            passing=code == _DEADLOCK,
            lost=lost,
        )


def _code(error: BaseException) -> int:
    """Return the number of the fault, 0 when it has none."""
    code = error.args[0] if error.args else 0
    return code if isinstance(code, int) else 0
