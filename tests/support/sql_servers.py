"""Real PostgreSQL and MariaDB on the loopback, which a test starts, kills and asks what they have."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkymonitor.sinks.base import Row, find
from linkymonitor.sinks.forms import as_dict
from linkymonitor.system.resources import shipped
from tests.support.certificates import certificate
from tests.support.commands import until
from tests.support.databases import free_port

# What the users of these libraries need, libpq, may be missing.
psycopg = pytest.importorskip("psycopg", exc_type=ImportError)
pymysql = pytest.importorskip("pymysql")

#: Key → what a database has of that record, by the names of docs/formats.md in small letters.
Records = dict[tuple[str, int, str], dict[str, object]]


def records_of(rows: list[Row]) -> Records:
    """Return what a database has once it has all *rows*."""
    found: Records = {}
    for row in rows:
        cells = {name.lower(): value for name, value in as_dict(row).items()}
        key = (row.meter, row.series, str(cells["ended_at"]))
        assert key not in found, "two records of the log have one key"
        found[key] = cells
    return found


class SqlServer:
    """A server process; its data outlive it.

    Args:
        folder: where its files are; None: a new folder, which `remove` removes.
        options: more options of the server.
    """

    type = ""
    programs = ""
    #: The user whom the server runs as, when the tests run as root, which the servers refuse.
    account = ""

    def __init__(self, *options: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"linkymonitor-{self.type}-"))
        self.options = options
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self._own = ""
        #: What the server shows with TLS; it is good for 127.0.0.1.
        self.certificate = certificate(self.folder / "tls")
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.glob("tls/*"), self.folder / "tls"):
                shutil.chown(path, self.account)

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        raise NotImplementedError

    def kill(self) -> None:
        """End the server as a power cut does, but for what the system still writes to the disk."""
        raise NotImplementedError

    def stop(self) -> None:
        """End the server, as `kill` does."""
        self.kill()

    def remove(self) -> None:
        """End the server, and remove its files."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def own(self) -> str:
        """The name of a database that is made when it is first asked for."""
        self._own = self._own or self.new_database()
        return self._own

    def section(self) -> str:
        """Return the keys of a sink whose records go to the database of its own that this server has."""
        return self.keys(self.own)

    def points(self) -> tuple[Records, int]:
        """Return all records in the database of its own, and how many keys came twice: the key lets none in."""
        return self.records(self.own), 0

    def processes(self) -> list[int]:
        """Return the ids of all processes of the server."""
        assert self._process is not None
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def has_died(self) -> bool:
        """Return whether the server has ended by itself."""
        assert self._process is not None
        return self._process.poll() is not None

    def put_on(self, mount: Callable[[Path], None]) -> str:
        """Make a database whose tables are in a folder that *mount* puts on a disk of its own; return its name."""
        raise NotImplementedError

    def keys(self, database: str) -> str:
        """Return the section of a sink whose records go to *database*."""
        return (
            f"type = {self.type}\nhost = 127.0.0.1\nport = {self.port}\nuser = linky\ndatabase = {database}\n"
        )

    def sink(self, database: str, **keys: Any) -> Any:
        """Return a sink whose records go to *database*; *keys* are more of its settings, or others."""
        module = find(self.type)
        given = {"host": "127.0.0.1", "port": self.port, "user": "linky", "database": database, **keys}
        return module.Sink(module.Settings(name="base", **given))

    def may_only_insert(self, database: str) -> str:
        """Make a user who may read and insert, but not create or change tables; return his name."""
        raise NotImplementedError

    def run_files(self, database: str, most: int = 9) -> None:
        """Run the files of etc/sql, the first *most* of them, as the owner of *database* does by hand."""
        raise NotImplementedError

    def with_password(self, database: str, password: str) -> str:
        """Make a user who needs *password* and may do all in *database*; return his name."""
        raise NotImplementedError

    def partitions(self, database: str) -> list[tuple[str, int]]:
        """Return the partitions of the table ``records``, and how many rows each has."""
        raise NotImplementedError

    def files(self) -> list[Path]:
        """Return the files of etc/sql for this server."""
        return sorted(shipped(f"etc/sql/{self.type}").glob("*.sql"))

    def ask(
        self, database: str, statement: str, parameters: tuple = (), *, user: str = "linky"
    ) -> list[tuple[Any, ...]]:
        """Return the rows that answer *statement*; none for a statement without an answer."""
        raise NotImplementedError

    def new_database(self) -> str:
        """Make an empty database, and return its name."""
        raise NotImplementedError

    def records(self, database: str) -> Records:
        """Return the content of the table ``records``."""
        raise NotImplementedError

    def _run(self, *words: object) -> subprocess.Popen[bytes]:
        with (self.folder / "output").open("ab") as out:
            user = self.account if os.geteuid() == 0 else None
            groups = [] if user else None
            return subprocess.Popen(
                [*map(str, words)],
                stdout=out,
                stderr=out,
                user=user,
                group=user,
                extra_groups=groups,
                cwd="/",
            )

    def _finish(self, *words: object) -> None:
        process = self._run(*words)
        assert process.wait(60) == 0, (self.folder / "output").read_text()[-2000:]


class Postgres(SqlServer):
    """PostgreSQL."""

    type = "postgresql"
    account = "postgres"

    def __init__(self, *options: str) -> None:
        found = shutil.which("initdb") or next(
            iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None
        )
        if found is None:
            pytest.skip("PostgreSQL is not installed: sudo apt-get install postgresql")
        super().__init__(*options)
        self._bin = Path(found).parent
        words = ("-A", "trust", "-U", "root", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        self._finish(self._bin / "initdb", "-D", self.folder / "data", *words)

    def start(self) -> None:
        tls = ("ssl=on", f"ssl_cert_file={self.certificate.pem}", f"ssl_key_file={self.certificate.key}")
        own = ("fsync=off", "shared_buffers=16MB", "deadlock_timeout=50ms", *tls)
        given = [word for one in (*own, *self.options) for word in ("-c", one)]
        where = ("-D", self.folder / "data", "-p", self.port, "-h", "127.0.0.1", "-k", self.folder)
        self._process = self._run(self._bin / "postgres", *where, *given)
        until(self._answers, 60)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "output").read_text()[-2000:]
        try:
            self.ask("postgres", "SELECT 1", user="root")
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        if self._process is not None:
            self._finish(self._bin / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")
            self._process.wait(100)
            self._process = None

    def ask(self, database, statement, parameters=(), *, user="linky"):
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=user, dbname=database, autocommit=True, connect_timeout=100
        ) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            cursor = connection.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def new_database(self) -> str:
        self._databases += 1
        name = f"linky_{self._databases}"
        if self._databases == 1:
            self.ask("postgres", "CREATE ROLE linky LOGIN PASSWORD 'secret'", user="root")
        self.ask("postgres", f"CREATE DATABASE {name} OWNER linky", user="root")
        return name

    def may_only_insert(self, database):
        name = f"box_{database}"
        self.ask(database, f"CREATE ROLE {name} LOGIN PASSWORD 'secret'", user="root")
        self.ask(
            database,
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT ON TABLES TO {name}",
        )
        return name

    def put_on(self, mount):
        folder = self.folder / "small"
        folder.mkdir()
        mount(folder)
        name = self.new_database()
        self.ask(name, f"CREATE TABLESPACE small LOCATION '{folder}'", user="root")
        self.ask(name, "GRANT CREATE ON TABLESPACE small TO linky", user="root")
        self.ask(name, f"ALTER DATABASE {name} SET default_tablespace = small", user="root")
        return name

    def with_password(self, database, password):
        name = f"guarded_{database}"
        self.ask(database, f"CREATE ROLE {name} LOGIN IN ROLE linky PASSWORD '{password}'", user="root")
        self.ask(database, f"GRANT CREATE ON SCHEMA public TO {name}", user="root")
        rules = self.folder / "data/pg_hba.conf"
        rules.write_text(f"host all {name} all scram-sha-256\n" + rules.read_text())
        self.ask("postgres", "SELECT pg_reload_conf()", user="root")
        until(
            lambda: self.ask(
                "postgres", "SELECT 1 FROM pg_hba_file_rules WHERE %s = ANY (user_name)", (name,), user="root"
            )
        )
        return name

    def partitions(self, database):
        names = self.ask(
            database,
            "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'records'::regclass",
        )
        return [
            (name, *self.ask(database, f"SELECT COUNT(*) FROM {name}", user="root")[0]) for (name,) in names
        ]

    def run_files(self, database, most=9):
        for path in self.files()[:most]:
            where = ("-h", "127.0.0.1", "-p", self.port, "-U", "linky", "-d", database)
            self._finish(
                shutil.which("psql") or self._bin / "psql",
                "-q",
                "-1",
                "-v",
                "ON_ERROR_STOP=1",
                *where,
                "-f",
                path,
            )

    def records(self, database):
        found: Records = {}
        for (cells,) in self.ask(database, "SELECT to_jsonb(records) FROM records", user="root"):
            known = {name: value for name, value in cells.items() if value is not None}
            known["ended_at"] = known["ended_at"].replace("+00:00", "Z")
            key = (known["meter"], known["series"], known["ended_at"])
            assert key not in found, "a record came twice"
            found[key] = known
        return found


class Maria(SqlServer):
    """MariaDB."""

    type = "mariadb"
    account = "mysql"

    def __init__(self, *options: str) -> None:
        path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
        found = shutil.which("mariadbd", path=path)
        if found is None:
            pytest.skip("MariaDB is not installed: sudo apt-get install mariadb-server")
        super().__init__(*options)
        self._program = found
        self._finish(
            shutil.which("mariadb-install-db", path=path),
            "--no-defaults",
            f"--datadir={self.folder}/data",
            f"--tmpdir={self.folder}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--innodb-flush-log-at-trx-commit=0",
        )

    def start(self) -> None:
        self._process = self._run(
            self._program,
            "--no-defaults",
            f"--datadir={self.folder}/data",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            f"--socket={self.folder}/socket",
            f"--pid-file={self.folder}/pid",
            f"--tmpdir={self.folder}",
            "--skip-log-bin",
            "--innodb-buffer-pool-size=16M",
            "--innodb-log-file-size=8M",
            # What is committed outlives the end of the process, not of the machine.
            "--innodb-flush-log-at-trx-commit=2",
            f"--ssl-cert={self.certificate.pem}",
            f"--ssl-key={self.certificate.key}",
            *self.options,
        )
        until(self._answers, 60)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "output").read_text()[-2000:]
        try:
            self.ask("mysql", "SELECT 1", user="root")
        except pymysql.err.OperationalError:
            return False
        return True

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(100)
            self._process = None

    def ask(self, database, statement, parameters=(), *, user="linky"):
        with (
            pymysql.connect(
                host="127.0.0.1",
                port=self.port,
                user=user,
                database=database,
                autocommit=True,
                init_command="SET time_zone = '+00:00'",
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, parameters or None)
            return list(cursor.fetchall())

    def new_database(self) -> str:
        self._databases += 1
        name = f"linky_{self._databases}"
        if self._databases == 1:
            self.ask("mysql", "CREATE USER linky@'127.0.0.1'", user="root")
        self.ask("mysql", f"CREATE DATABASE {name}", user="root")
        self.ask("mysql", f"GRANT ALL ON {name}.* TO linky@'127.0.0.1'", user="root")
        return name

    def may_only_insert(self, database):
        name = f"box_{database}"
        self.ask("mysql", f"CREATE USER {name}@'127.0.0.1'", user="root")
        self.ask("mysql", f"GRANT SELECT, INSERT, UPDATE ON {database}.* TO {name}@'127.0.0.1'", user="root")
        return name

    def put_on(self, mount):
        name = self.new_database()
        mount(self.folder / "data" / name)
        return name

    def with_password(self, database, password):
        name = f"guarded_{database}"
        self.ask("mysql", f"CREATE USER {name}@'127.0.0.1' IDENTIFIED BY '{password}'", user="root")
        self.ask("mysql", f"GRANT ALL ON {database}.* TO {name}@'127.0.0.1'", user="root")
        return name

    def partitions(self, database):
        names = self.ask(
            database,
            "SELECT partition_name FROM information_schema.partitions"
            " WHERE table_schema = DATABASE() AND table_name = 'records'",
        )
        return [
            (name, *self.ask(database, f"SELECT COUNT(*) FROM records PARTITION ({name})")[0])
            for (name,) in names
        ]

    def run_files(self, database, most=9):
        for path in self.files()[:most]:
            with path.open("rb") as file:
                subprocess.run(
                    ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{self.port}", "-uroot", database],
                    stdin=file,
                    check=True,
                )

    def records(self, database):
        columns = [
            str(name)
            for (name,) in self.ask(
                database,
                "SELECT LOWER(column_name) FROM information_schema.columns"
                " WHERE table_schema = DATABASE() AND table_name = 'records' ORDER BY ordinal_position",
            )
        ]
        found: Records = {}
        for row in self.ask(database, "SELECT * FROM records"):
            known = {name: value for name, value in zip(columns, row, strict=True) if value is not None}
            known["ended_at"] = f"{known['ended_at']:%Y-%m-%dT%H:%M:%SZ}"
            if "overload" in known:
                known["overload"] = bool(known["overload"])
            key = (known["meter"], known["series"], known["ended_at"])
            assert key not in found, "a record came twice"
            found[key] = known
        return found
