"""Certificates that a test makes with openssl: good, expired, or of another machine."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path
from typing import NamedTuple

#: What openssl needs to sign a certificate for a time that is past.
_AUTHORITY = """
[ca]
default_ca = own
[own]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = policy
x509_extensions = extensions
[policy]
commonName = supplied
[extensions]
subjectAltName = {names}
"""


class Certificate(NamedTuple):
    """The files of a self-signed certificate."""

    pem: Path
    key: Path

    @property
    def context(self) -> ssl.SSLContext:
        """Return the context of a server that shows this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pem, self.key)
        return context


def certificate(folder: Path, names: str = "IP:127.0.0.1", *, from_to: tuple[str, str] = ()) -> Certificate:
    """Make a certificate.

    Args:
        folder: a new folder for its files.
        names: the machines it is for, as openssl writes them.
        from_to: the days on which it begins and ends, ``20240101``; else it is good for a month from now.
    """
    folder.mkdir()
    made = Certificate(folder / "own.pem", folder / "own.key")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", made.key]
    if not from_to:
        alone = ["-x509", "-subj", "/CN=linkymonitor", "-days", "30", "-addext", f"subjectAltName={names}"]
        _openssl("req", *alone, *key, "-out", made.pem)
        return made
    request, settings = folder / "request", folder / "ca.conf"
    _openssl("req", "-new", "-subj", "/CN=linkymonitor", *key, "-out", request)
    (folder / "index.txt").touch()
    settings.write_text(_AUTHORITY.format(folder=folder, names=names))
    dates = [
        word
        for name, day in zip(("-startdate", "-enddate"), from_to, strict=True)
        for word in (name, f"{day}000000Z")
    ]
    _openssl(
        "ca",
        "-config",
        settings,
        "-selfsign",
        "-batch",
        "-keyfile",
        made.key,
        "-in",
        request,
        *dates,
        "-out",
        made.pem,
    )
    return made


def _openssl(*words: object) -> None:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
