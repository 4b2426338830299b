"""`check`: the parts that would start, or every fault of the configuration."""

from __future__ import annotations

import pytest

from linkymonitor.settings import load
from tests.support.commands import AT

pytestmark = pytest.mark.usefixtures("apart")


def test_a_configuration_that_cannot_be_used_is_1_with_every_fault(call, tmp_path):
    (tmp_path / "bad.ini").write_text(
        "[meter]\nprot = /dev/x\nmode = fast\n[log]\nframes_per_record = many\nport 8420\n[lampe:ejp]\npin = 3\n"
    )
    for command in (["check"], ["acquire"], ["report"]):
        status, out, err = call(*command, "-c", tmp_path / "bad.ini")
        assert status == 1
        assert out == ""
        assert err.splitlines() == [
            f"linkymonitor: {tmp_path}/bad.ini: ligne 2 : [meter] prot : inconnu, vouliez-vous dire port ?",
            f"{tmp_path}/bad.ini: ligne 3 : [meter] mode = fast : on attend auto, historique ou standard",
            f"{tmp_path}/bad.ini: ligne 5 : [log] frames_per_record = many : on attend un nombre entier",
            f"{tmp_path}/bad.ini: ligne 6 : illisible ; on attend [section], clé = valeur ou # commentaire",
            f"{tmp_path}/bad.ini: ligne 7 : [lampe:ejp] : inconnu, vouliez-vous dire lamp:NAME ?",
        ]
    assert call("check", "-c", tmp_path / "gone.ini")[0] == 1


def test_check_shows_what_only_a_start_would_find_beside_what_cannot_be_read(call, tmp_path):
    (tmp_path / "my.ini").write_text(
        f"[general]\nstate_dir = {tmp_path}\n[meter]\nport 8420\n[serve]\nbind = 0.0.0.0:8420\n"
        "[display]\ncontrast = 999\n[lamp:one]\npin = 25\n[lamp:two]\npin = 25\n[lamp:three]\npin = x\n"
    )
    status, out, err = call("check", "-c", tmp_path / "my.ini")
    assert (status, out) == (1, "")
    places = [line.rpartition("my.ini")[2].lstrip(" :") for line in err.splitlines()]
    assert [place[: len(words)] for place, words in zip(places, BESIDE, strict=True)] == BESIDE


#: How the faults of the test above begin; [lamp:three] has the default pin, 25, which is no fault of the file.
BESIDE = [
    "ligne 4 : illisible",
    "ligne 8 : [display] contrast = 999",
    "ligne 14 : [lamp:three] pin = x",
    "[lamp:two] pin = 25 : déjà prise par [lamp:one] pin",
    "[serve] bind = 0.0.0.0:8420 ouvre les pages à toute la maison, sans mot de passe",
]


def test_check_says_what_would_start(call, tmp_path):
    (tmp_path / "my.ini").write_text(
        "[meter]\nport = /dev/ttyUSB7\n[lamp:ejp]\n[relay:tank]\npin = 17\nrule = ejp\nfail_state = off\n"
    )
    status, out, _ = call("check", "-c", tmp_path / "my.ini")
    assert status == 0
    assert "compteur : /dev/ttyUSB7, mode auto, vitesse auto" in out
    assert "voyant ejp : GPIO 25" in out
    assert "relais tank : GPIO 17, règle ejp" in out
    assert "prix non réglés" in out
    assert call("check")[0] == 0


def test_a_key_that_no_longer_does_anything_stops_nobody_and_is_said(call, historique, tmp_path):
    (tmp_path / "old.ini").write_text("[meter]\ntimeout = 5s\n")
    status, out, _ = call("check", "-c", tmp_path / "old.ini")
    assert status == 0
    assert f"{tmp_path}/old.ini: [meter] timeout : n'a plus d'effet ; supprimez cette ligne\n" in out
    assert call("record", "-c", tmp_path / "old.ini", "-i", historique, "-o", tmp_path / "r")[0] == 0


def test_check_finds_what_only_a_start_would(call, tmp_path):
    (tmp_path / "my.ini").write_text(
        "[lamp:one]\npin = 25\n[lamp:two]\npin = 25\n[relay:tank]\npin = 17\nrule = ejp\nfail_state = off\n"
        "[display]\nbutton = 17\n[callbacks]\ncall = gone.function, json.dump, json.nothing, plain\n"
    )
    status, _, err = call("check", "-c", tmp_path / "my.ini")
    assert status == 1
    faults = err.replace(f"{tmp_path}/my.ini: ", "").splitlines()
    assert faults[0].endswith("[lamp:two] pin = 25 : déjà prise par [lamp:one] pin ; choisissez-en une autre")
    assert faults[1] == "[display] button = 17 : déjà prise par [relay:tank] pin ; choisissez-en une autre"
    assert [line.split(" :")[0] for line in faults[2:]] == [
        "[callbacks] call = gone.function",
        "[callbacks] call = json.nothing",
        "[callbacks] call = plain",
    ]


@pytest.mark.parametrize(
    ("ini", "words"),
    [
        (
            "[relay:tank]\npin = 15\nrule = ejp\nfail_state = off\n",
            "[relay:tank] pin = 15 : déjà prise par le port série",
        ),
        (
            "[meter]\nport = /dev/serial0\n[lamp:ejp]\npin = 14\n",
            "[lamp:ejp] pin = 14 : déjà prise par le port série /dev/serial0",
        ),
        ("[lamp:ejp]\npin = 2\n", "[lamp:ejp] pin = 2 : déjà prise par l'afficheur (bus I2C)"),
        ("[display]\nbutton = 3\n", "[display] button = 3 : déjà prise par l'afficheur (bus I2C)"),
    ],
)
def test_a_pin_of_the_port_or_of_the_display_is_refused_by_check_and_acquire(call, tmp_path, ini, words):
    (tmp_path / "my.ini").write_text(ini)
    for command in (["check"], ["acquire", "-l", "-t", "1"]):
        status, out, err = call(*command, "-c", tmp_path / "my.ini")
        assert (status, out) == (1, "")
        assert words in err
        assert err.count("\n") == 1


def test_the_pins_of_what_is_not_used_are_free(call, historique, tmp_path):
    (tmp_path / "my.ini").write_text(
        "[meter]\nport = /dev/ttyUSB0\n[display]\nport = 3\n[lamp:ejp]\npin = 15\n"
        "[relay:tank]\npin = 2\nrule = ejp\nfail_state = off\n"
    )
    assert call("check", "-c", tmp_path / "my.ini")[0] == 0
    (tmp_path / "my.ini").write_text("[relay:tank]\npin = 15\nrule = ejp\nfail_state = off\n")
    words = ("-c", tmp_path / "my.ini", "-i", historique, "--log-dir", tmp_path / "log", "--at", AT)
    assert call("acquire", *words)[0] == 0


def test_check_doubts_a_price_in_centimes_and_ends_well(call, caplog, tmp_path):
    path = tmp_path / "cents.ini"
    path.write_text("[general]\nlang = fr\n[tariff]\nhn = 16,32\npm = 1,2340\n")
    status, out, _ = call("check", "-c", str(path))
    assert status == 0
    assert "prix, EJP : HN 16,32 €/kWh, PM 1,2340 €/kWh" in out
    (warning,) = caplog.records
    assert warning.levelname == "WARNING"
    assert warning.getMessage().startswith("[tariff] hn = 16,32 : plus de 3 €/kWh")


LINKY_ACQ = """# Configuration of LinkyAcq.pl
INPUT_DEV	/dev/ttyUSB3
READ_TIMEOUT 5
FRAME_LENGTH    4
LINKY_MODE H
OLED_DISPLAY_TYPE SSD1306_128_X_64_I2C
OLED_ADDRESS 0x3D
OLED_FLIPPED 1
# commands
LED_INIT_CMD "raspi-gpio set 24 op"
LED_ON_CMD "raspi-gpio set 24 dl"
LED_OFF_CMD "raspi-gpio set 24 dh"
"""


def test_the_configuration_of_linkyacq_is_printed_as_one_of_ours(call, tmp_path):
    old, new = tmp_path / "LinkyAcq.conf", tmp_path / "new.ini"
    old.write_text(LINKY_ACQ)
    status, out, err = call("check", "-c", old)
    assert status == 1, "it cannot be used as it is"
    assert err.startswith(f"{old} : c'est la configuration de LinkyAcq.pl ; la voici pour linkymonitor")
    assert "# READ_TIMEOUT = 5 : sans objet" in out
    new.write_text(out)
    status, out, _ = call("check", "-c", new)
    assert status == 0
    assert "compteur : /dev/ttyUSB3, mode historique" in out
    assert "afficheur : ssd1306 128x64, adresse 0x3d" in out
    assert "voyant ejp : GPIO 24" in out
    settings = load(new)
    assert settings.display.flip
    assert settings.log.frames_per_record == 4
    assert not settings.lamp["ejp"].active_high


def test_a_command_of_linkyacq_that_sets_no_pin_is_named(call, tmp_path):
    (tmp_path / "LinkyAcq.conf").write_text('INPUT_DEV stdin\nLED_ON_CMD "/usr/local/bin/bell on"\n')
    out = call("check", "-c", tmp_path / "LinkyAcq.conf", "--lang", "en")[1]
    assert "# INPUT_DEV = stdin : write acquire -i stdin" in out
    assert "# LED_ON_CMD = /usr/local/bin/bell on : no pin here" in out


def test_other_commands_point_to_check_for_a_linkyacq_conf(call, tmp_path):
    (tmp_path / "LinkyAcq.conf").write_text(LINKY_ACQ)
    status, _, err = call("acquire", "-c", tmp_path / "LinkyAcq.conf")
    assert status == 1
    assert "c'est la configuration de LinkyAcq.pl ; « linkymonitor check -c" in err
    (tmp_path / "other.conf").write_text("INPUT_DEV /dev/ttyUSB3\nCOLOUR blue\n")
    assert "hors de toute section" in call("acquire", "-c", tmp_path / "other.conf")[2]


def test_check_says_when_a_shape_needs_the_values_as_the_meter_gives_them(call, tmp_path):
    pytest.importorskip("paho.mqtt.client")
    section = "[sink:home]\ntype = mqtt\nshape = linky-sensor\n"
    (tmp_path / "my.ini").write_text(section)
    status, _, err = call("check", "-c", tmp_path / "my.ini")
    assert status == 1
    assert "[sink:home] shape = linky-sensor : envoie les valeurs telles que le compteur les donne" in err
    assert "[general] raw_values = oui" in err
    (tmp_path / "my.ini").write_text(f"[general]\nraw_values = oui\n{section}")
    status, out, _ = call("check", "-c", tmp_path / "my.ini")
    assert status == 0
    assert "destination home : mqtt, forme linky-sensor\n" in out


@pytest.mark.parametrize(
    ("section", "says"),
    [
        (
            "type = mqtt\nshape = teleinfo\n",
            "shape = teleinfo : inconnu pour type = mqtt ; on attend linkymonitor, linky-sensor",
        ),
        ("type = csv\nshape = hallard\n", "shape : inconnu"),
        ("type = mqtt\nshape = linky-sensor\ndiscovery = oui\n", "discovery : inconnu"),
    ],
)
def test_a_shape_that_a_type_lacks_and_a_key_that_a_shape_lacks_are_refused(call, tmp_path, section, says):
    (tmp_path / "my.ini").write_text(f"[sink:home]\n{section}")
    status, _, err = call("check", "-c", tmp_path / "my.ini")
    assert status == 1
    assert f"[sink:home] {says}" in err
