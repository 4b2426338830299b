"""`support-bundle`: a file that can be posted, although the box is full of secrets."""

from __future__ import annotations

import getpass
import io
import socket
import tarfile
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from linkymonitor.board.redaction import Scrubber, settings_shown, values_hidden
from linkymonitor.cli import main
from tests.test_docs import shipped

METER, PRM = "021861234567", "09123456789012"
SALT = "5f2d9c0e7ab14468a1b2c3d4e5f60718"
CANARIES = {
    "token": "CANARY-token-1",
    "password": "CANARY pass word",
    "misspelt": "CANARYmispelt",
    "commented": "CANARYcomment",
    "url": "CANARYurl",
    "continued": "CANARYcontinued",
    "message": "CANARYmessage",
    "person": "CANARYperson",
    "sink": "CANARYsink",
    "meter": METER,
    "spaced meter": "0218 6123 4567",
    "prm": PRM,
    "salt": SALT,
    "hash": "0440d28074d5",
    "ip": "192.168.1.77",
    "ip6": "fd00::77",
    "mac": "b8:27:eb:12:34:56",
    "mail": "jean@example.net",
    "power": "IndexBase=012345678",
}


@pytest.fixture
def box(tmp_path):
    """Fill a box with secrets, and return its configuration."""
    log = tmp_path / "log"
    log.mkdir()
    (tmp_path / "secret").write_text(f"{CANARIES['password']}\n")
    ini = tmp_path / "linky.ini"
    ini.write_text(
        f"# mon mot de passe: {CANARIES['commented']}\n[general]\nlang = en\n[log]\ndir = {log}\n"
        f"[sink:{CANARIES['sink']}]\ntype = influxdb\nurl = http://{CANARIES['ip']}:8086/{CANARIES['url']}\n"
        f"token = {CANARIES['token']}\nbucket = b\norg =\n  {CANARIES['continued']}\n"
        f"[sink:b]\ntype = influxdb\nurl = http://localhost:8086\ndatabase = d\nuser = {CANARIES['person']}\n"
        f"password_file = {tmp_path / 'secret'}\npasword = {CANARIES['misspelt']}\n"
    )
    (log / "salt").write_text(f"{SALT}\n")
    now = datetime.now(UTC) - timedelta(minutes=5)
    stamp = f"{now:%Y/%m/%d %H:%M:%S}"
    # A message of the supplier has its label wherever it is.
    told = CANARIES | {"message": f"MSG1 {CANARIES['message']}"}
    notes = "".join(f"{stamp}\tINFO\tnote {text} end\n" for text in told.values())
    (log / f"{now:%Y_%m_%d}_linkymonitor.log").write_text(
        f"{stamp}\tINFO\tContrat: mode=historique, option=BASE, puissance=9000, phases=1, producteur=, "
        f"compteur={CANARIES['hash']}\n{notes}{stamp}\tWARN\ton {socket.gethostname()} by {getpass.getuser()} x\n"
        f"{stamp}\tINFO\tEnergie : 12 345 678 Wh\n"
        f"{stamp}\tDATA\tPeriode=TH.., {CANARIES['power']}, PuissConsommee=04321, IConsommee=002, PuissMin=04321, "
        "PuissMax=04321, PuissInjectee=00000, IndexInjecte=, I1=002, I2=, I3=, U1=, U2=, U3=, Couleur=, Demain=, "
        "Trames=0008, Rejets=0001\n"
    )
    (log / "quarantine.log").write_text(
        f"{stamp}\tdomain\tMSG1 {CANARIES['message']} A\n{stamp}\tmeter\tADSC {METER} B\n{stamp}\tmeter\tPRM {PRM} C\n"
    )
    return ini


def contents(path):
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name).decode() for name in archive.namelist()}
    with tarfile.open(path) as archive:
        return {one.name: archive.extractfile(one).read().decode() for one in archive.getmembers()}


@pytest.mark.parametrize("end", ["tar.gz", "zip"])
def test_no_secret_is_in_the_bundle(box, tmp_path, capsys, end):
    path = tmp_path / f"bundle.{end}"
    assert main(["support-bundle", "-c", str(box), "-o", str(path), "--yes"]) == 0
    texts = contents(path)
    whole = "".join(texts.values()) + path.read_bytes().decode("latin-1")
    leaked = [kind for kind, canary in CANARIES.items() if canary in whole]
    assert leaked == []
    assert "CANARY" not in whole
    assert socket.gethostname() not in whole or socket.gethostname() == "localhost"
    assert "04321" not in whole
    assert "345 678" not in whole
    assert path.stat().st_mode & 0o077 == 0
    said = capsys.readouterr().out
    assert all(name.removeprefix("linkymonitor/") in said for name in texts)


def test_a_fault_of_the_settings_leaves_the_log_in_the_bundle(box, tmp_path):
    main(["support-bundle", "-c", str(box), "-o", str(tmp_path / "x.zip"), "--yes"])
    texts = contents(tmp_path / "x.zip")
    assert "pasword: unknown" in texts["linkymonitor/doctor.txt"]
    assert "records=1 frames=8 rejected=1" in texts["linkymonitor/quality.txt"]


def test_the_bundle_has_what_helps(box, tmp_path):
    path = tmp_path / "bundle.zip"
    box.write_text(box.read_text().replace("pasword", "#pasword"))
    main(["support-bundle", "-c", str(box), "-o", str(path), "--yes"])
    texts = {name.removeprefix("linkymonitor/"): text for name, text in contents(path).items()}
    assert "linkymonitor " in texts["versions.txt"]
    assert "type = influxdb\n" in texts["settings.ini"]
    assert "token = ***\n" in texts["settings.ini"]
    assert "option=BASE, puissance=9000" in texts["notes.txt"]
    assert "records=1 frames=8 rejected=1" in texts["quality.txt"]
    assert "domain\tMSG1 ***" in texts["quarantine.txt"]
    assert texts["units.txt"]
    assert texts["check.txt"]


def test_a_name_with_another_end_is_refused(box, tmp_path, capsys):
    assert main(["support-bundle", "-c", str(box), "-o", str(tmp_path / "x.rar"), "--yes"]) == 2
    assert ".tar.gz" in capsys.readouterr().err


def test_a_file_that_is_there_is_not_overwritten(box, tmp_path):
    path = tmp_path / "x.zip"
    path.write_text("mine")
    assert main(["support-bundle", "-c", str(box), "-o", str(path), "--yes"]) == 2
    assert path.read_text() == "mine"


def test_a_wrong_configuration_is_told_in_the_bundle(tmp_path):
    ini, path = tmp_path / "x.ini", tmp_path / "x.zip"
    ini.write_text("[log\n")
    assert main(["support-bundle", "-c", str(ini), "-o", str(path), "--yes"]) == 0
    assert "-> 1" in contents(path)["linkymonitor/check.txt"]


@pytest.mark.parametrize(
    "text",
    [
        "2026/01/13 17:58:12\tINFO\tthe clock is set back by 0:05:00",
        "mode=historique frames=39",
        "GPIO 25, 0x3c",
    ],
)
def test_a_text_without_anything_personal_stays(text):
    assert Scrubber([])(text) == text


def test_only_harmless_settings_are_shown():
    shown = settings_shown("; note\n[sink:me]\ntype = mqtt\nhost = h\n[contract:2026-01-01]\noffer = ejp\n")
    assert shown == "[sink:1]\ntype = mqtt\nhost = ***\n[contract:2026-01-01]\noffer = ejp\n"


#: The keys of the shipped settings that may name a person, a machine or a secret, or say what a house pays.
PERSONAL = {
    ("callbacks", "call"),
    ("contract", "instalment"),
    ("contract", "instalments"),
    ("report", "note"),
    ("serve", "hosts"),
}


def test_every_setting_is_shown_but_secrets_and_what_is_personal():
    keys = [key for key in shipped() if key[0] not in ("sink:NAME", "notify")]
    hidden = {(section, key) for section, key in keys if "***" in settings_shown(f"[{section}]\n{key} = 1\n")}
    assert hidden == PERSONAL


@pytest.mark.parametrize("row", ["pause = 5s", "dir = /var/log/linkymonitor", "refresh = 10m", "hp = 0,2068"])
def test_a_setting_without_anything_personal_is_shown(row):
    assert row in settings_shown(f"[x]\n{row}\n")
    assert Scrubber(values_hidden(f"[x]\n{row}\n"))(row) == row


def test_the_user_in_a_path_is_hidden():
    assert Scrubber([])(settings_shown("[log]\ndir = /home/jean/log\n")) == "[log]\ndir = /home/***/log\n"
    assert "***" in settings_shown("[log]\ndir = mot de passe\n")


def test_the_file_is_an_archive_that_names_nobody(box, tmp_path):
    path = tmp_path / "x.tar.gz"
    main(["support-bundle", "-c", str(box), "-o", str(path), "--yes"])
    with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as archive:
        assert {(one.uname, one.gname, one.uid) for one in archive.getmembers()} == {("", "", 0)}


@pytest.mark.parametrize(
    "number",
    [
        "041967123456",
        "0419_6712_3456",
        "041967/123456",
        "04  1967  123456",
        "0419 – 67 – 123456",
        "04\u200919\u200967\u2009123456",
        "04,19,67,123456",
        "09.123.456.789.012",
    ],
)
def test_the_number_of_a_meter_is_hidden_however_it_is_written(number):
    assert Scrubber([])(f"of {number} here") == "of *** here"


def test_the_subscribed_power_is_shown_and_what_is_measured_is_hidden():
    shown = Scrubber([])(
        "Abonnement 9 kVA, puissance=9000, power = 9, 12 345 Wh, 3,2 kW, 4321 VA, 7 MWh, 12 kWh"
    )
    assert shown == "Abonnement 9 kVA, puissance=9000, power = 9, *** Wh, *** kW, *** VA, *** MWh, *** kWh"


def test_a_user_is_hidden_as_a_whole_word_and_one_of_every_image_is_shown():
    scrub = Scrubber(["maison"], ["pi", "marc", "linkymonitor", "victorien"])
    assert scrub("Raspberry Pi, pi, linkymonitor") == "Raspberry Pi, pi, linkymonitor"
    assert scrub("marc:x, Marc, marche, victorienne, MAISON") == "***:x, Marc, marche, victorienne, ***"


def test_a_name_is_hidden_in_capitals_too():
    assert Scrubber(["maison-dupont"])("MAISON-DUPONT.local, Maison-Dupont") == "***.local, ***"


@pytest.mark.parametrize(
    "setting",
    [
        "url = http://canary-nas.example:8086/write",
        "host = canary-nas.example",
        "url = http://canary%2Dnas:canary-nas@192.168.1.2/canary-nas",
        "port = /dev/ttyUSB0 # canary-nas",
        "offer = tempo ; canary-nas",
    ],
)
def test_a_part_of_a_setting_that_a_message_names_is_hidden(setting):
    ini = f"[sink:x]\n{setting}\n"
    assert "canary" not in settings_shown(ini)
    message = Scrubber(values_hidden(ini))("cannot reach Canary-NAS: no answer")
    assert message == "cannot reach ***: no answer"
