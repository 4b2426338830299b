"""Files survive cuts, full disks and failing cards."""

from __future__ import annotations

import errno
import gzip
import os
import random
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from linkymonitor.errors import LineBusy, StorageError
from linkymonitor.system.disk import SystemDisk
from linkymonitor.system.lock import LOCK_NAME
from linkymonitor.system.storage import Storage
from tests.support.crash_model import CrashDisk, PowerCut, cut_at, fail_at

PATH = Path("/log/day.log")
PACKED = Path("/log/day.log.gz")
LINES = b"".join(b"line %05d\n" % n for n in range(9000))


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_appended_bytes_are_at_the_end(tmp_path):
    path = tmp_path / "day.log"
    path.write_bytes(b"one\n")
    with Storage().append_to(path) as file:
        file.append(b"two\n")
        file.sync()
        assert file.size == 8
    assert path.read_bytes() == b"one\ntwo\n"


@pytest.mark.parametrize("umask", [0o022, 0o000])
def test_files_and_folders_are_closed_to_others(tmp_path, umask):
    storage = Storage()
    old = os.umask(umask)
    try:
        folder = tmp_path / "a" / "b"
        storage.make_directory(folder)
        storage.make_directory(folder)
        storage.append_to(folder / "day.log").close()
        storage.replace(folder / "state", b"x")
        storage.replace(folder / "salt", b"x", mode=0o600)
    finally:
        os.umask(old)
    assert mode_of(folder) == 0o750
    assert mode_of(folder.parent) == 0o750
    assert mode_of(folder / "day.log") == 0o640
    assert mode_of(folder / "state") == 0o640
    assert mode_of(folder / "salt") == 0o600


def write_log(folder: Path) -> None:
    with Storage().append_to(folder / "victim") as file:
        file.append(b"line\n")


def write_page(folder: Path) -> None:
    Storage().replace(folder / "page", b"whole")


def take_lock(folder: Path) -> None:
    Storage().lock(folder).close()


@pytest.mark.parametrize("kind", ["hard link", "fifo"])
@pytest.mark.parametrize(
    ("act", "name"),
    [
        pytest.param(write_log, "victim", id="the log"),
        pytest.param(write_page, f".page.{os.getpid()}.tmp", id="a page's temporary file"),
        pytest.param(take_lock, LOCK_NAME, id="the lock"),
    ],
)
def test_no_file_of_another_name_is_written_into(tmp_path, caplog, act, name, kind):
    folder = tmp_path / "log"
    folder.mkdir(mode=0o750)
    (tmp_path / "other").write_bytes(b"a secret\n")
    if kind == "hard link":
        (folder / name).hardlink_to(tmp_path / "other")
    else:
        os.mkfifo(folder / name)
    act(folder)
    assert (tmp_path / "other").read_bytes() == b"a secret\n"
    assert (tmp_path / "other").stat().st_nlink == 1
    if act is not write_page:
        assert (folder / name).is_file()
        assert "vérifiez qui peut écrire dans ce dossier" in caplog.text


def test_a_backup_by_hard_links_costs_no_line(tmp_path):
    (tmp_path / "day.log").write_bytes(b"one\n")
    (tmp_path / "backup").hardlink_to(tmp_path / "day.log")
    with Storage().append_to(tmp_path / "day.log") as file:
        file.append(b"two\n")
    assert (tmp_path / "day.log").read_bytes() == b"one\ntwo\n"
    assert (tmp_path / "backup").read_bytes() == b"one\n"
    assert mode_of(tmp_path / "day.log") == 0o600


def test_a_lock_that_is_held_stays_held_whatever_other_names_it_has(tmp_path):
    with Storage().lock(tmp_path):
        (tmp_path / "other").hardlink_to(tmp_path / LOCK_NAME)
        with pytest.raises(LineBusy):
            Storage().lock(tmp_path)


def test_a_folder_that_all_may_write_is_told(tmp_path, caplog):
    Storage().make_directory(tmp_path)
    assert not caplog.text
    tmp_path.chmod(0o777)
    Storage().make_directory(tmp_path)
    assert f"{tmp_path} : tout le monde peut y écrire ; faites « chmod o-w {tmp_path} »" in caplog.text


def test_a_symbolic_link_in_place_of_a_log_is_refused(tmp_path):
    (tmp_path / "day.log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match=r"day\.log : un lien symbolique tient sa place ; supprimez-le"):
        Storage().append_to(tmp_path / "day.log")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (b"", b""),
        (b"whole\n", b"whole\n"),
        (b"whole\ncut", b"whole\n"),
        (b"whole\ncut" + bytes(4000), b"whole\n"),
        (b"cut", b""),
        (b"\n" + b"x" * 200_000, b"\n"),
        (b"a\0b\n" + b"x" * 65536, b"a\0b\n"),
    ],
)
def test_healing_cuts_what_follows_the_last_line_end_and_only_that(tmp_path, content, kept):
    path = tmp_path / "day.log"
    path.write_bytes(content)
    with Storage().append_to(path) as file:
        assert file.heal() == len(content) - len(kept)
        assert file.heal() == 0
        file.append(b"next\n")
        file.sync()
    assert path.read_bytes() == kept + b"next\n"


def test_a_file_that_was_moved_away_is_noticed(tmp_path):
    path = tmp_path / "day.log"
    with Storage().append_to(path) as file:
        assert file.is_in_place()
        path.rename(tmp_path / "moved")
        assert not file.is_in_place()
        path.write_bytes(b"another")
        assert not file.is_in_place()


@pytest.mark.parametrize("sync", [True, False])
def test_replacing_leaves_nothing_aside(tmp_path, sync):
    path = tmp_path / "latest.json"
    for content in (b"old", b"new"):
        Storage().replace(path, content, sync=sync)
        assert path.read_bytes() == content
    assert names_in(tmp_path) == ["latest.json"]


def test_a_new_file_starts_from_nothing(tmp_path):
    path = tmp_path / "capture.tic"
    path.write_bytes(b"older and longer")
    with Storage().create(path) as file:
        file.write(b"new")
        file.write(b"er")
    assert path.read_bytes() == b"newer"


def test_compressing_and_expanding_give_back_the_file(tmp_path):
    path, packed = tmp_path / "day.log", tmp_path / "day.log.gz"
    path.write_bytes(LINES)
    storage = Storage()
    assert len(list(storage.compress_steps(path))) > 1
    assert names_in(tmp_path) == ["day.log.gz"]
    assert gzip.decompress(packed.read_bytes()) == LINES
    assert packed.stat().st_size < len(LINES) / 4
    assert b"".join(storage.blocks(packed)) == LINES
    storage.expand(path)
    assert names_in(tmp_path) == ["day.log"]
    assert path.read_bytes() == LINES


def test_compressing_goes_in_small_steps_that_may_be_given_up(tmp_path):
    path = tmp_path / "day.log"
    path.write_bytes(LINES)
    steps = Storage().compress_steps(path)
    next(steps)
    steps.close()
    assert names_in(tmp_path) == ["day.log"]


def test_several_gzip_members_are_one_file(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"one\n") + gzip.compress(b"") + gzip.compress(b"two\n"))
    damages: list[str] = []
    assert b"".join(Storage().blocks(path, damages.append)) == b"one\ntwo\n"
    assert damages == []


@pytest.mark.parametrize("cut", [0, 5, 1000, -1], ids=str)
def test_a_torn_gzip_gives_what_it_holds_and_says_so(tmp_path, cut):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(LINES)[:cut])
    damages: list[str] = []
    content = b"".join(Storage().blocks(path, damages.append))
    assert LINES.startswith(content)
    assert len(damages) == 1


def test_a_gzip_of_noise_is_damaged_and_no_more(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(random.Random(1).randbytes(5000))
    damages: list[str] = []
    assert list(Storage().blocks(path, damages.append)) == []
    assert len(damages) == 1


def test_expanding_a_damaged_file_keeps_what_it_holds_and_the_file(tmp_path):
    packed = tmp_path / "day.log.gz"
    packed.write_bytes(gzip.compress(LINES)[:2000])
    Storage().expand(tmp_path / "day.log")
    assert names_in(tmp_path) == ["day.log", "day.log.gz.bad"]
    assert LINES.startswith((tmp_path / "day.log").read_bytes())


def test_a_small_file_that_unpacks_to_much_comes_in_small_blocks(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(bytes(30_000_000)))
    sizes = [len(block) for block in Storage().blocks(path)]
    assert sum(sizes) == 30_000_000
    assert max(sizes) <= 65536


def test_the_end_of_a_file_is_read_alone(tmp_path):
    path = tmp_path / "day.log"
    path.write_bytes(b"0123456789")
    assert Storage().end_of(path, 4) == b"6789"
    assert Storage().end_of(path, 40) == b"0123456789"


def test_a_folder_that_is_not_there_has_no_names(tmp_path):
    assert Storage().names(tmp_path / "nowhere") == []


def test_removing_what_is_not_there_is_done(tmp_path):
    Storage().remove(tmp_path / "nothing")
    assert names_in(tmp_path) == []


def test_a_second_process_is_told_who_holds_the_folder(tmp_path):
    program = (
        "import sys; from pathlib import Path; from linkymonitor.system.storage import Storage\n"
        "lock = Storage().lock(Path(sys.argv[1])); print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"locked\n"
        with pytest.raises(LineBusy, match=f"le processus {holder.pid} y écrit déjà"):
            Storage().lock(tmp_path)
        holder.stdin.close()
    with Storage().lock(tmp_path):
        pass


def test_a_lock_that_was_let_go_can_be_taken_again(tmp_path):
    for _ in range(2):
        with Storage().lock(tmp_path), pytest.raises(LineBusy):
            Storage().lock(tmp_path)


def test_a_lock_holds_on_a_disk_that_is_full(tmp_path):
    class Full(SystemDisk):
        def write(self, descriptor, data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Storage(Full()).lock(tmp_path), pytest.raises(LineBusy):
        Storage().lock(tmp_path)


TROUBLES = [
    pytest.param(errno.ENOSPC, "plus de place ; faites-en", id="ENOSPC"),
    pytest.param(errno.EIO, "la carte ne répond pas", id="EIO"),
    pytest.param(errno.EROFS, "lecture seule", id="EROFS"),
    pytest.param(errno.EACCES, "donnez-en le droit", id="EACCES"),
    pytest.param("short", "plus de place ; faites-en", id="short write"),
]


@pytest.mark.parametrize(("trouble", "remedy"), TROUBLES)
def test_an_append_that_fails_leaves_nothing_and_can_be_given_again(trouble, remedy):
    disk = CrashDisk({str(PATH): b"one\n"})
    file = Storage(disk).append_to(PATH)
    disk.fault = lambda number, name: trouble if name == "write" else None
    with pytest.raises(StorageError, match=remedy):
        file.append(b"two\n")
    assert disk.content() == {str(PATH): b"one\n"}
    disk.fault = lambda number, name: None
    file.append(b"two\n")
    file.sync()
    assert disk.crash(random.Random(0)) == {str(PATH): b"one\ntwo\n"}


def test_after_a_failed_sync_the_bytes_are_taken_back_and_really_written_again():
    """An fsync after one that failed may succeed without having written anything."""
    disk = CrashDisk({str(PATH): b"one\n"})
    file = Storage(disk).append_to(PATH)
    file.append(b"two\n")
    disk.fault = lambda number, name: errno.EIO if name in ("sync", "truncate") else None
    with pytest.raises(StorageError):
        file.sync()
    with pytest.raises(StorageError):
        file.append(b"two\n")
    disk.fault = lambda number, name: None
    file.append(b"two\n")
    file.sync()
    for seed in range(20):
        assert disk.crash(random.Random(seed)) == {str(PATH): b"one\ntwo\n"}


def test_the_name_of_a_new_file_is_synced_with_its_first_bytes():
    disk = CrashDisk({"/log/other": b""})
    file = Storage(disk).append_to(PATH)
    file.append(b"one\n")
    file.sync()
    for seed in range(20):
        assert disk.crash(random.Random(seed))[str(PATH)] == b"one\n"


@pytest.mark.parametrize("trouble", [errno.ENOSPC, errno.EIO, "short"])
@pytest.mark.parametrize("action", ["replace", "compress", "expand"])
def test_whatever_call_fails_no_content_is_lost_and_nothing_stays_open(action, trouble):
    for number in range(1, 40):
        disk = CrashDisk(_before(action), fail_at(range(number, number + 1), trouble))
        try:
            _act(Storage(disk), action)
        except StorageError:
            assert _content(disk.content(), action) in (LINES, b"new")
        else:
            assert _content(disk.content(), action) == (b"new" if action == "replace" else LINES)
        assert disk.descriptors == 0


@pytest.mark.parametrize("action", ["replace", "compress", "expand"])
def test_a_cut_during_a_change_leaves_the_old_file_or_the_new_one(action):
    states = 0
    for number in range(1, 40):
        for seed in range(12):
            disk = CrashDisk(_before(action), cut_at(number))
            try:
                _act(Storage(disk), action)
                done = True
            except PowerCut:
                done = False
            disk.fault = lambda number, name: None
            state = disk.crash(random.Random(seed))
            content = _content(state, action)
            if action != "replace":
                assert content == LINES
            elif done:
                assert content == b"new"
            else:
                assert content in (LINES, b"new")
            states += 1
    assert states == 468


def test_without_a_sync_a_replaced_file_may_be_all_nul():
    """A control: the model finds the damage that a sync prevents."""
    contents = set()
    for seed in range(60):
        disk = CrashDisk({str(PATH): b"old"})
        Storage(disk).replace(PATH, b"new", sync=False)
        contents.add(disk.crash(random.Random(seed)).get(str(PATH)))
    assert {b"old", b"new", b""} <= contents
    assert any(state and not state.strip(b"\0") for state in contents)


def _before(action: str) -> dict[str, bytes]:
    return {str(PACKED): gzip.compress(LINES)} if action == "expand" else {str(PATH): LINES}


def _act(storage: Storage, action: str) -> None:
    if action == "replace":
        storage.replace(PATH, b"new")
    elif action == "compress":
        for _ in storage.compress_steps(PATH):
            pass
    else:
        storage.expand(PATH)


def _content(state: dict[str, bytes], action: str) -> bytes:
    """Return the content of the day for a reader: that of the plain file when there is one."""
    if str(PATH) in state:
        return state[str(PATH)]
    return gzip.decompress(state[str(PACKED)])
