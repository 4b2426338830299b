"""Files, stdin and pipes as sources."""

from __future__ import annotations

import gzip
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkymonitor.errors import LineError
from linkymonitor.language import speak
from linkymonitor.model.terms import Mode
from linkymonitor.source.files import BLOCK
from linkymonitor.source.recording import block, header
from tests.source.wires import FRAME, NOON, WIRE, set_rights

pytestmark = pytest.mark.usefixtures("english")


def everything(source) -> bytes:
    chunks = []
    while (chunk := source.read(5.0)) is not None:
        chunks.append(chunk)
    return b"".join(chunks)


def test_a_file_gives_a_frame_a_read_and_then_its_end(tmp_path, opened):
    path = tmp_path / "meter.tic"
    path.write_bytes(b"OO 1 x\r\x03" + FRAME + WIRE[Mode.STANDARD] + b"\x82\nAD")
    source = opened(path)
    chunks = [source.read(5.0) for _ in range(4)]
    assert chunks == [b"OO 1 x\r\x03", FRAME, WIRE[Mode.STANDARD], b"\x82\nAD"]
    assert source.read(5.0) is None
    assert source.read(5.0) is None
    assert (source.name, source.live, source.is_meter) == (str(path), False, False)


def test_an_end_of_frame_with_bit_7_set_ends_a_read_too(tmp_path, opened):
    path = tmp_path / "meter.tic"
    path.write_bytes(b"A\x83B\x03C")
    source = opened(path)
    assert [source.read(5.0), source.read(5.0), source.read(5.0)] == [b"A\x83", b"B\x03", b"C"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    content=st.lists(st.sampled_from([b"\x03", b"\x83", b"x" * 5000, b"y" * 4096, FRAME, b"z"]), max_size=60)
)
def test_a_file_is_given_whole_in_bounded_pieces(tmp_path, opened, content):
    path = tmp_path / "meter.tic"
    path.write_bytes(b"".join(content))
    source = opened(path)
    chunks = list(iter(lambda: source.read(5.0), None))
    source.close()
    assert b"".join(chunks) == b"".join(content)
    assert all(0 < len(chunk) <= BLOCK for chunk in chunks)
    assert all(chunk.count(b"\x03") + chunk.count(b"\x83") <= 1 for chunk in chunks)


def test_a_file_that_only_begins_like_a_gzipped_one_is_refused_in_our_words(tmp_path, opened):
    path = tmp_path / "meter.tic.gz"
    path.write_bytes(b"\x1f\x8bnothing of gzip")
    with pytest.raises(LineError, match="cannot be read \\(no valid answer\\)"):
        opened(path)


def test_a_gzipped_file_is_read_even_cut_short(tmp_path, opened):
    path = tmp_path / "meter.tic.gz"
    packed = gzip.compress(FRAME)
    for content in (packed, packed[:-4]):
        path.write_bytes(content)
        assert everything(opened(path)) == FRAME


def test_a_recording_gives_its_chunks_and_their_times(tmp_path, opened):
    path = tmp_path / "meter.rec"
    path.write_bytes(header(NOON, 1200) + block(0.5, FRAME[:10]) + block(1.25, FRAME[10:]))
    source = opened(path)
    assert (source.started_at, source.live, source.is_meter) == (NOON, False, False)
    assert (source.read(5.0), source.offset) == (FRAME[:10], 0.5)
    assert (source.read(5.0), source.offset) == (FRAME[10:], 1.25)
    assert source.read(5.0) is None
    assert source.offset == 1.25


def test_what_is_no_port_can_be_told_a_speed_and_to_settle(tmp_path, opened):
    path = tmp_path / "meter.tic"
    path.write_bytes(FRAME)
    with opened(path) as source:
        source.set_speed(1200)
        source.settle()
        assert source.read(5.0) == FRAME


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [("fr", "fichier absent ; donnez un port"), ("en", "there is no such file; give a port")],
)
def test_a_missing_file_is_an_error(tmp_path, opened, lang, sentence):
    speak(lang)
    with pytest.raises(LineError, match=sentence):
        opened(tmp_path / "nowhere.tic")
    with pytest.raises(LineError, match=sentence):
        opened("sim:standard")


def test_a_folder_is_no_source(tmp_path, opened):
    with pytest.raises(LineError, match="neither a port nor a file"):
        opened(tmp_path)


def test_a_file_that_may_not_be_read_is_an_error(tmp_path, opened, nobody):
    as_root = os.geteuid() == 65534
    if as_root:
        os.seteuid(0)
    path = tmp_path / "meter.tic"
    path.write_bytes(FRAME)
    if as_root:
        os.seteuid(65534)
    set_rights(path, 0, as_root)
    with pytest.raises(LineError, match=r"Permission denied.*; check the file and the right to read it"):
        opened(path)
    speak("fr")
    with pytest.raises(LineError, match=r"illisible \(accès refusé\) ; vérifiez"):
        opened(path)


def test_a_recording_of_another_version_is_an_error(tmp_path, opened):
    path = tmp_path / "meter.rec"
    path.write_bytes(header(NOON).replace(b"recording 1", b"recording 9"))
    with pytest.raises(LineError, match="not that of a recording"):
        opened(path)


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    ends = {"reader": reader, "writer": writer}
    yield ends
    for fd in ends.values():
        os.close(fd)


@pytest.mark.parametrize("spec", ["-", "stdin"])
def test_stdin_gives_bytes_as_they_come_cut_after_each_frame(opened, pipe, spec):
    source = opened(spec, stdin=pipe["reader"])
    assert (source.name, source.live, source.is_meter) == ("stdin", True, False)
    assert source.read(0.0) == b""
    os.write(pipe["writer"], FRAME + FRAME + b"\x82\nAD")
    assert [source.read(0.0) for _ in range(3)] == [FRAME, FRAME, b"\x82\nAD"]
    assert source.read(0.0) == b""
    os.close(pipe.pop("writer"))
    assert source.read(5.0) is None
    source.close()
    os.fstat(pipe["reader"])  # whoever lent the descriptor keeps it


def test_a_closed_stdin_is_an_error(opened):
    reader, writer = os.pipe()
    os.close(reader)
    os.close(writer)
    with pytest.raises(LineError, match="stdin"):
        opened("-", stdin=reader)


def test_a_named_pipe_is_read_like_stdin(tmp_path, opened):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)  # so that opening the other end does not wait
    source = opened(path)
    assert (source.live, source.is_meter) == (True, False)
    os.write(writer, FRAME)
    assert source.read(5.0) == FRAME
    os.close(writer)
    assert source.read(5.0) is None


def test_a_character_device_that_is_no_port_is_read_like_stdin(opened):
    source = opened("/dev/null")
    assert (source.is_meter, source.read(5.0)) == (False, None)


def test_a_missing_file_in_memory_is_no_port_that_may_come(opened):
    with pytest.raises(LineError, match="there is no such file"):
        opened(f"/dev/shm/nobody-{os.getpid()}.tic")
