"""What sinks on a network share: libraries, passwords, TLS, and where a password may go."""

# Strategy
#
# - A password is in a file of its own, which only its owner and his group may read. It goes nowhere but to the far end:
#   what people may read (logs, status, errors) passes through without_secrets().
# - No secret travels without TLS, unless the far end is this machine, or the user has written allow_plaintext = yes.

from __future__ import annotations

import errno
import ipaddress
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.errors import ConfigError
from linkymonitor.language import Text, cause

if TYPE_CHECKING:
    import ssl
    from types import ModuleType

#: A longer file is no password.
_LONGEST = 4096
#: EAI_NONAME and EAI_NODATA; and EAI_AGAIN with the errors of a network that leads nowhere.
_NO_SUCH_NAME = (-2, -5)
_OUT_OF_REACH = (-3, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT)
#: Codes of OpenSSL for what is wrong with a certificate.
_NOT_YET_VALID, _EXPIRED, _OF_ANOTHER_HOST = 9, 10, (62, 64)
#: Every secret that this process has read.
_secrets: set[str] = set()


def library(module: str, *, section: str, extra: str, debian: str) -> ModuleType:
    """Return the imported *module*, the client library of a sink.

    Args:
        module: the dotted name of the module.
        section: the section that needs it, ``[sink:NAME]``.
        extra: the extra of this project that installs it.
        debian: the package of Debian that installs it.

    Raises:
        ConfigError: it is not installed, or does not load.
    """
    import importlib

    name = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ConfigError(
            Text(
                f"{section} : il manque {name} ({error}) ; faites « sudo apt install {debian} » "
                f"ou « pip install 'linkymonitor[{extra}]' »",
                f"{section}: {name} is missing ({error}); run “sudo apt install {debian}” "
                f"or “pip install 'linkymonitor[{extra}]'”",
            )
        ) from error


def read_secret(path: Path, *, section: str, key: str = "password_file") -> str:
    """Return the secret in the file *path*, without the line end behind it.

    Args:
        path: the file; only its owner and his group may read it.
        section: the section that names it, ``[sink:NAME]``.
        key: the key that names it.

    Raises:
        ConfigError: the file cannot be read, everybody may read it, or it has no secret.
    """
    # A relative path may be the secret itself, written in the wrong place: it is not repeated.
    place = f"{section} {key} = {path}" if path.is_absolute() else f"{section} {key}"
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(_LONGEST + 1)
    except OSError as error:
        why = cause(error)
        remedy = Text(
            "créez ce fichier, lisible par linkymonitor seul",
            "create that file, readable by linkymonitor alone",
        )
        if isinstance(error, PermissionError):
            command = f"sudo chgrp linkymonitor {path}"
            remedy = Text(
                f"faites « {command} » et « sudo chmod 640 {path} »",
                f"run “{command}” and “sudo chmod 640 {path}”",
            )
        raise ConfigError(
            Text(
                f"{place} : lecture impossible ({why.fr}) ; {remedy.fr}",
                f"{place}: cannot be read ({why.en}); {remedy.en}",
            )
        ) from error
    if mode & 0o007:
        raise ConfigError(
            Text(
                f"{place} : tout le monde peut l'ouvrir ; faites « chmod o= {path} »",
                f"{place}: everybody may open it; run “chmod o= {path}”",
            )
        )
    try:
        secret = content.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        secret = ""
    if not secret or len(content) > _LONGEST or "\n" in secret or "\0" in secret:
        raise ConfigError(
            Text(
                f"{place} : on attend une seule ligne de texte, le mot de passe",
                f"{place}: expected one line of text, the password",
            )
        )
    return keep_secret(secret)


def check_unread(config: Path | None, *, section: str, key: str) -> None:
    """Refuse a secret that stands in the settings when everybody may read their file.

    Args:
        config: the file of the settings; None: it is not known, and nothing is refused.
        section: the section with the secret, ``[sink:NAME]``.
        key: its key; the key with ``_file`` behind it names a file of the secret alone.

    Raises:
        ConfigError: everybody may read the file.
    """
    if config is not None and config.exists() and config.stat().st_mode & 0o007:
        raise ConfigError(
            Text(
                f"{section} {key} : tout le monde peut le lire ; mettez-le dans un fichier, {key}_file, "
                f"ou faites « sudo chgrp linkymonitor {config} » et « sudo chmod o= {config} »",
                f"{section} {key}: everybody may read it; put it in a file of its own, {key}_file, "
                f"or run “sudo chgrp linkymonitor {config}” and “sudo chmod o= {config}”",
            )
        )


def keep_secret(secret: str) -> str:
    """Return *secret*; from now on `without_secrets` knows it."""
    _secrets.add(secret)
    return secret


def without_secrets(words: str) -> str:
    """Return *words* with ``***`` in place of every secret that this process has read."""
    for secret in sorted(_secrets, key=len, reverse=True):
        words = words.replace(secret, "***")
    return words


def is_loopback(host: str) -> bool:
    """Return whether *host* is this machine: ``localhost`` or an address of the loopback."""
    if host.lower().rstrip(".") in ("localhost", "ip6-localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_plaintext(host: str, *, secret: bool, tls: bool, allowed: bool, section: str) -> None:
    """Refuse to send a secret without TLS to another machine.

    Args:
        host: the far end.
        secret: whether a password or a token is sent.
        tls: whether the connection is encrypted.
        allowed: the key ``allow_plaintext``.
        section: the section, ``[sink:NAME]``.

    Raises:
        ConfigError: the secret would be sent in clear.
    """
    if secret and not tls and not allowed and not is_loopback(host):
        raise ConfigError(
            Text(
                f"{section} : le mot de passe irait en clair vers {host} ; mettez tls = oui (ou https://), "
                "ou acceptez-le par allow_plaintext = oui",
                f"{section}: the password would go to {host} in clear; set tls = yes (or https://), "
                "or accept it with allow_plaintext = yes",
            )
        )


def tls_context(ca: Path | None, *, section: str) -> ssl.SSLContext:
    """Return a context that verifies the far end: by the authorities of the system, or by those of the file *ca*.

    Raises:
        ConfigError: *ca* cannot be read, or has no certificate.
    """
    import ssl

    try:
        return ssl.create_default_context(cafile=str(ca) if ca else None)
    except (OSError, ssl.SSLError) as error:
        why = cause(error)
        raise ConfigError(
            Text(
                f"{section} ca = {ca} : illisible ({why.fr}) ; on attend un fichier PEM de certificats",
                f"{section} ca = {ca}: cannot be read ({why.en}); expected a PEM file of certificates",
            )
        ) from error


def no_answer(seconds: float, keys: Text) -> Text:
    """Return that nobody has answered within *seconds*, and what to do; *keys* name the far end."""
    return Text(
        f"pas de réponse en {seconds:.0f} s ; vérifiez que le serveur marche, et {keys.fr}",
        f"no answer within {seconds:.0f} s; check that the server runs, and {keys.en}",
    )


def connection_cause(error: OSError, keys: Text) -> Text:
    """Return why the far end cannot be reached, and what to do; *keys* name it."""
    why = cause(error)
    if isinstance(error, ConnectionRefusedError):
        return why + Text(
            f" ; démarrez le serveur, ou corrigez {keys.fr}", f"; start the server, or correct {keys.en}"
        )
    if error.errno in _NO_SUCH_NAME:
        return why + Text(
            f" ; corrigez {keys.fr}, ou donnez l'adresse IP", f"; correct {keys.en}, or give the IP address"
        )
    if isinstance(error, ConnectionError):
        return why + Text(
            f" ; vérifiez que c'est le bon serveur, et {keys.fr}",
            f"; check that it is the right server, and {keys.en}",
        )
    if error.errno in _OUT_OF_REACH:
        return why + Text(f" ; vérifiez le réseau, et {keys.fr}", f"; check the network, and {keys.en}")
    return why


def tls_cause(error: BaseException, host: str, key: str, without: Text) -> Text | None:
    """Return what is wrong with the TLS of the far end, and the remedy; None when *error* is of another kind.

    Args:
        error: what a connection raised.
        host: the far end.
        key: the key that names it.
        without: what the user writes when TLS is not wanted.
    """
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_fault(error.verify_code, error.verify_message, host, key)
    if not isinstance(error, ssl.SSLError):
        return None
    reason = error.reason or "TLS"
    return Text(
        f"TLS impossible ({reason}) : ce port n'en a peut-être pas ; corrigez le port, ou écrivez {without.fr}",
        f"TLS fails ({reason}): this port may have none; correct the port, or write {without.en}",
    )


def _certificate_fault(number: int, words: str, host: str, key: str) -> Text:
    if number == _EXPIRED:
        return Text(
            "son certificat est périmé : renouvelez-le sur le serveur ; s'il ne l'est pas, mettez ce boîtier à l'heure",
            "its certificate has expired: renew it on the server; if it has not, set the clock of this box",
        )
    if number == _NOT_YET_VALID:
        return Text(
            "son certificat n'est pas encore valable : mettez ce boîtier à l'heure",
            "its certificate is not valid yet: set the clock of this box",
        )
    if number in _OF_ANOTHER_HOST:
        return Text(
            f"son certificat n'est pas celui de {host} : écrivez dans {key} le nom qu'il porte",
            f"its certificate is not that of {host}: in {key}, write the name that it has",
        )
    return Text(
        f"son certificat n'est pas connu ({words}) : donnez-le, ou celui de son autorité, par ca",
        f"its certificate is not known ({words}): name it, or that of its authority, by ca",
    )
