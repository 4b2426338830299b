"""What the sinks of PostgreSQL and MariaDB share: the settings of a server, and `run`, which runs a transaction."""

# Strategy
#
# - A sink calls Server.run(work): work(cursor) runs in a transaction, which is committed when it returns and rolled
#   back when it raises. A server has one connection to its database, which the first transaction opens.
# - A connection that was idle may have been closed by the server, and a deadlock passes: then *work* is called a second
#   time. The far end may have committed the first one, so *work* must be repeatable.
# - Errors of the library end here. What the data caused is SinkRefused. All else (a password, a right, a full disk) can
#   be mended by somebody, so it is SinkUnavailable, and the records wait in the log.

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from linkymonitor.errors import BadSetting, SinkRefused, SinkUnavailable
from linkymonitor.language import CONTROLS, Text
from linkymonitor.sinks.base import Settings as Common
from linkymonitor.sinks.http_post import quoted
from linkymonitor.sinks.network import check_plaintext, read_secret

T = TypeVar("T")
#: How long a server may take for one answer, in seconds.
PATIENCE = 10.0
#: The keys that name a server.
KEYS = Text("host et port", "host and port")


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class ServerSettings(Common):
    """The keys of a sink that is a database on a server."""

    #: The machine of the server, or the path of its socket on this machine.
    host: str = "localhost"
    #: Its port; empty: that of its kind.
    port: int | None = None
    #: The name under which the box signs in; empty: that of the user whom `deliver` runs as.
    user: str | None = None
    #: The file with the password, which only its owner and his group may read.
    password_file: Path | None = None
    #: The name of the database.
    database: str = "linkymonitor"
    #: yes: the connection is encrypted, and the certificate of the server is verified.
    tls: bool = False
    #: The file with the certificate of the authority that has signed that of the server; empty: those of the system.
    ca: Path | None = None
    #: yes: the password may go to another machine without TLS.
    allow_plaintext: bool = False

    def __post_init__(self) -> None:
        faults: list[Text] = []
        try:
            Common.__post_init__(self)
        except BadSetting as error:
            faults += error.faults
        for key in ("host", "database"):
            if not getattr(self, key):
                faults.append(Text(f"{key} : vide ; on attend un nom", f"{key}: empty; expected a name"))
        if self.port is not None and not 1 <= self.port <= 65535:
            faults.append(
                Text(f"port = {self.port} : on attend 1 à 65535", f"port = {self.port}: expected 1 to 65535")
            )
        if faults:
            raise BadSetting(*faults)

    @property
    def section(self) -> str:
        """The section, ``[sink:NAME]``."""
        return f"[sink:{self.name}]"

    @property
    def is_socket(self) -> bool:
        """Whether *host* is the path of a socket on this machine."""
        return self.host.startswith("/")


class Cursor(Protocol):
    """Runs the statements of a transaction; a parameter stands as ``%s`` in a statement."""

    def execute(self, statement: str, parameters: Sequence[object] | None = None, /) -> object:
        """Run *statement*; its % are doubled when there are *parameters*."""

    def fetchall(self) -> Sequence[Sequence[Any]]:
        """Return the rows of the last statement."""


class Connection(Protocol):
    """What the libraries have in common."""

    def cursor(self) -> AbstractContextManager[Cursor]:
        """Return a cursor, closed at the end of the context."""

    def commit(self) -> None:
        """Commit the transaction."""

    def rollback(self) -> None:
        """Roll it back."""

    def close(self) -> None:
        """Close the connection."""


class Fault(NamedTuple):
    """What an error of the library means."""

    #: The fault, and the remedy where there is one.
    words: Text
    #: Whether the data caused it.
    refused: bool = False
    #: Whether it passes by itself, as a deadlock does.
    passing: bool = False
    #: Whether the connection can no longer be used.
    lost: bool = False
    #: Whether the server was silent for too long: it is not asked again at once.
    silent: bool = False


class Server(ABC):
    """One database on a server.

    Args:
        settings: where it is.
        port: the port of its kind.

    Raises:
        ConfigError: the file of the password cannot be used, or it would be sent in clear.
    """

    #: How long the server may take for one answer, in seconds.
    patience = PATIENCE

    def __init__(self, settings: ServerSettings, port: int) -> None:
        self.settings = settings
        self.port = settings.port or port
        #: Where the database is, for the sentences of faults.
        self.place = f"{settings.host}:{self.port}/{settings.database}"
        check_plaintext(
            settings.host,
            secret=settings.password_file is not None and not settings.is_socket,
            tls=settings.tls,
            allowed=settings.allow_plaintext,
            section=settings.section,
        )
        self.password = (
            read_secret(settings.password_file, section=settings.section) if settings.password_file else None
        )
        self._connection: Connection | None = None

    def run(self, work: Callable[[Cursor], T]) -> T:
        """Return what *work* returns, in a transaction of its own; *work* may be called twice.

        Raises:
            SinkUnavailable: the server is away, or refuses for a reason that its owner can mend.
            SinkRefused: it can never take these data.
        """
        again = True
        while True:
            idle = self._connection is not None
            try:
                return self._transaction(work)
            except self.errors as error:
                fault = self.fault(error)
                if fault.lost:
                    self.close()
                if again and (fault.passing or (fault.lost and idle and not fault.silent)):
                    again = False
                    continue
                kind = SinkRefused if fault.refused else SinkUnavailable
                raise kind(f"{self.place}" + Text(" : ", ": ") + fault.words) from error

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with suppress(*self.errors):
                connection.close()

    def _transaction(self, work: Callable[[Cursor], T]) -> T:
        if self._connection is None:
            self._connection = self.connect()
        connection = self._connection
        with self.limited(connection), connection.cursor() as cursor:
            try:
                result = work(cursor)
                connection.commit()
            except BaseException:
                with suppress(*self.errors):
                    connection.rollback()
                raise
            return result

    @contextmanager
    def limited(self, _connection: Connection) -> Iterator[None]:
        """End what runs in this context, with an error of the library, when the server is silent for too long."""
        yield

    @property
    @abstractmethod
    def errors(self) -> tuple[type[Exception], ...]:
        """What the library raises."""

    @abstractmethod
    def connect(self) -> Connection:
        """Return a new connection, in UTC, outside of a transaction."""

    @abstractmethod
    def fault(self, error: Exception) -> Fault:
        """Return what *error* means."""


def sentence(words: str, remedy: Text | None = None) -> Text:
    """Return the *words* of a server, cut to a line, and the *remedy* if there is one."""
    line = quoted(words)
    return Text(line, line) if remedy is None else line + Text(" ; ", "; ") + remedy


def clean(text: str) -> str:
    """Return *text* without characters that a database refuses or a terminal obeys; a space stands for each."""
    import re

    return text if text.isprintable() else re.sub(CONTROLS, " ", text)
