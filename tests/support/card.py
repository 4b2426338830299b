"""The card of a Raspberry Pi for tests: a root folder with the files that setup looks at."""

from __future__ import annotations

from pathlib import Path

BOOKWORM = """\
# For more options and information see
# http://rptl.io/configtxt
# Some settings may impact device functionality. See link above for details

# Uncomment some or all of these to enable the optional hardware interfaces
#dtparam=i2c_arm=on
#dtparam=i2s=on
#dtparam=spi=on

# Enable audio (loads snd_bcm2835)
dtparam=audio=on

camera_auto_detect=1
display_auto_detect=1
auto_initramfs=1

# Enable DRM VC4 V3D driver
dtoverlay=vc4-kms-v3d
max_framebuffers=2
disable_fw_kms_setup=1
arm_64bit=1
disable_overscan=1
arm_boost=1

[cm4]
otg_mode=1

[cm5]
dtoverlay=dwc2,dr_mode=host

[all]
"""
UBUNTU = """\
[pi4]
kernel=uboot_rpi_4.bin
[all]
device_tree_address=0x03000000
include syscfg.txt
include usercfg.txt
"""
CMDLINE = (
    "console=serial0,115200 console=tty1 root=PARTUUID=5e3da3da-02 rootfstype=ext4 fsck.repair=yes rootwait quiet"
    " splash plymouth.ignore-serial-consoles\n"
)
#: The same of an image of Trixie, which is set up by cloud-init.
TRIXIE_CMDLINE = (
    "console=serial0,115200 console=tty1 root=PARTUUID=8a1b2c3d-02 rootfstype=ext4 fsck.repair=yes rootwait"
    " cfg80211.ieee80211_regdom=FR ds=nocloud;i=rpi-imager-1760000000000\n"
)
ZERO = "Raspberry Pi Zero Rev 1.3"
ZERO_W = "Raspberry Pi Zero W Rev 1.1"
ZERO_2 = "Raspberry Pi Zero 2 W Rev 1.0"
THREE = "Raspberry Pi 3 Model B Plus Rev 1.3"
FOUR = "Raspberry Pi 4 Model B Rev 1.4"
FIVE = "Raspberry Pi 5 Model B Rev 1.0"
_GROUPS = "root:x:0:\ndialout:x:20:\ngpio:x:997:\ni2c:x:998:pi\nlinkymonitor:x:999:\n"
_INI = "# ma maison\n[meter]\nport = /dev/ttyAMA0\n\n# le contrat\n[contract]\n# rien encore\noffer =\n"
_UNIT = "[Service]\nExecStart=/usr/bin/linkymonitor acquire\n[Install]\nWantedBy=multi-user.target\n"


def card(
    root: Path, model: str | None = ZERO_W, config: str = BOOKWORM, boot: str = "boot/firmware", **more: str
) -> Path:
    """Fill *root* like a fresh card and return it; *more* are files by their names with __ for a slash."""
    files = {
        f"{boot}/config.txt": config,
        f"{boot}/cmdline.txt": CMDLINE,
        "etc/group": _GROUPS,
        "etc/gshadow": "root:*::\ndialout:$6$CANARY::\ngpio:!::\ni2c:!::pi\nlinkymonitor:!::\n",
        "etc/passwd": "root:x:0:0::/root:/bin/sh\npi:x:1000:1000::/home/pi:/bin/sh\n"
        "linkymonitor:x:999:999::/var/lib/linkymonitor:/usr/sbin/nologin\n",
        "usr/lib/systemd/system/linkymonitor.service": _UNIT,
        "usr/lib/systemd/system/hciuart.service": _UNIT,
        "etc/linkymonitor.ini": _INI,
        **{name.replace("__", "/"): text for name, text in more.items()},
    }
    if model is not None:
        files["proc/device-tree/model"] = f"{model}\0"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return root


def snapshot(root: Path) -> dict[str, object]:
    """Return each file and link below *root*, but for the journal: name → content, mode and owner."""
    found: dict[str, object] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if name.startswith("var/lib/linkymonitor/setup"):
            continue
        if path.is_symlink():
            found[name] = path.readlink()
        elif path.is_file():
            status = path.stat()
            found[name] = (path.read_bytes(), status.st_mode, status.st_uid, status.st_gid)
    return found
