"""The lock of a folder: while one process of linkymonitor holds it, no other writes files there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from linkymonitor.errors import LineBusy
from linkymonitor.language import Text
from linkymonitor.system.disk import Disk
from linkymonitor.system.own_files import CREATE, UMASK, open_for_writing, warn_of_another_name
from linkymonitor.system.troubles import trouble

LOCK_NAME = ".linkymonitor.lock"


#: What to do when another process has the lock of a folder of the log.
_OTHER_FOLDER = Text("ou choisissez un autre dossier (--log-dir)", "or choose another folder (--log-dir)")


class Lock:
    """The lock of a folder, which this process has until `close`, or until the process ends.

    Args:
        disk: locks the file.
        directory: the folder.
        remedy: what to do, besides to stop the process that has the lock.

    Raises:
        LineBusy: another process has the lock.
        StorageError: the lock file cannot be written.
    """

    def __init__(self, disk: Disk, directory: Path, remedy: Text = _OTHER_FOLDER) -> None:
        path = directory / LOCK_NAME
        descriptor = open_for_writing(disk, path, os.O_RDWR)
        try:
            disk.lock(descriptor)
            # The file is replaced only after it is locked: while another process has the lock, its file must stay.
            if disk.standing(descriptor, str(path)) != "ours":
                disk.close(descriptor)
                disk.remove(str(path))
                warn_of_another_name(path)
                descriptor = disk.open(str(path), os.O_RDWR | os.O_EXCL | CREATE, 0o666 & ~UMASK)
                disk.lock(descriptor)
        except BlockingIOError as error:
            holder = _holder(disk, descriptor)
            disk.close(descriptor)
            raise LineBusy(
                Text(
                    f"{directory} : {holder} y écrit déjà ; arrêtez-le, {remedy.fr}",
                    f"{directory}: {holder} writes there already; stop it, {remedy.en}",
                )
            ) from error
        except OSError as error:
            disk.close(descriptor)
            raise trouble(path, error) from error
        # The number of the process is only for the message. When a full disk refuses it, the lock still counts.
        with suppress(OSError):
            disk.truncate(descriptor, 0)
            disk.write(descriptor, b"%d\n" % os.getpid())
        self._disk = disk
        self._descriptor = descriptor

    def close(self) -> None:
        """Release the lock."""
        with suppress(OSError):
            self._disk.close(self._descriptor)

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _holder(disk: Disk, descriptor: int) -> Text:
    """Return words for the process whose number is in the lock file."""
    try:
        number = disk.read(descriptor, 20, 0).strip().decode()
    except (OSError, UnicodeDecodeError):
        number = ""
    if number.isdigit():
        return Text(f"le processus {number}", f"process {number}")
    return Text("un autre processus", "another process")
