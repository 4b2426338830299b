"""Passwords are read from files that only their owner may read, and go nowhere in clear."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from linkymonitor.errors import ConfigError
from linkymonitor.sinks.network import (
    check_plaintext,
    is_loopback,
    library,
    read_secret,
    tls_context,
    without_secrets,
)


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"s3cret", "s3cret"),
        (b"s3cret\n", "s3cret"),
        (b"s3cret\r\n", "s3cret"),
        (b" 50% of #it \n", " 50% of #it "),
        ("clé\n".encode(), "clé"),
    ],
)
def test_a_line_end_is_no_part_of_a_password(tmp_path, content, secret):
    path = tmp_path / "password"
    path.write_bytes(content)
    path.chmod(0o640)
    assert read_secret(path, section="[sink:x]") == secret
    assert without_secrets(f"at {secret}@host") == "at ***@host"


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o666])
def test_a_password_that_everybody_may_read_is_refused(tmp_path, mode):
    path = tmp_path / "password"
    path.write_text("canary")
    path.chmod(mode)
    with pytest.raises(ConfigError, match=r"\[sink:x\] password_file = .*chmod o=") as caught:
        read_secret(path, section="[sink:x]")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines\n", b"\xff\xfe", b"a\0b", b"x" * 5000])
def test_a_file_that_has_no_password_is_refused(tmp_path, content):
    path = tmp_path / "password"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="password_file"):
        read_secret(path, section="[sink:x]")


def test_a_password_that_the_service_may_not_read_is_told_with_what_gives_it(tmp_path, monkeypatch):
    path = tmp_path / "password"
    path.write_text("canary")
    path.chmod(0o640)

    def refuse(*_words: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    # Root may read every file.
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigError, match=r"accès refusé.*sudo chgrp linkymonitor .*sudo chmod 640"):
        read_secret(path, section="[sink:x]")


def test_a_password_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="none"):
        read_secret(tmp_path / "none", section="[sink:x]")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("192.168.1.20", False),
        ("house.lan", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.nip.io", False),
        ("", False),
    ],
)
def test_this_machine_is_known_by_its_name_and_its_addresses(host, loopback):
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("host", "secret", "tls", "allowed", "refused"),
    [
        ("house.lan", True, False, False, True),
        ("house.lan", True, True, False, False),
        ("house.lan", True, False, True, False),
        ("house.lan", False, False, False, False),
        ("127.0.0.1", True, False, False, False),
    ],
)
def test_no_password_leaves_the_machine_in_clear(host, secret, tls, allowed, refused):
    def check() -> None:
        check_plaintext(host, secret=secret, tls=tls, allowed=allowed, section="[sink:x]")

    if refused:
        with pytest.raises(ConfigError, match="allow_plaintext"):
            check()
    else:
        check()


def test_a_missing_library_is_named_with_its_packages():
    with pytest.raises(ConfigError, match=r"python3-nowhere.*linkymonitor\[nowhere\]"):
        library("nowhere_at_all.client", section="[sink:x]", extra="nowhere", debian="python3-nowhere")
    assert library("json", section="[sink:x]", extra="x", debian="x").loads("1") == 1


def test_certificates_are_verified(tmp_path):
    import ssl

    context = tls_context(None, section="[sink:x]")
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    for path in (tmp_path / "none.pem", tmp_path / "empty.pem"):
        (tmp_path / "empty.pem").write_text("no certificate")
        with pytest.raises(ConfigError, match="ca = "):
            tls_context(path, section="[sink:x]")
