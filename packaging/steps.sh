# Steps that the Debian package and `make install` have in common: the user, an older installation, what starts at boot.
# Sourced by packaging/install, and copied into the package's scripts. ROOT is the folder of the system, empty for this one.
# Each step may be cut off at any point and be called again: it completes what is missing, and changes nothing else.

say() { # French, English: tells the owner what was done
	echo "linkymonitor : $1"
	echo "linkymonitor: $2"
}

# The installation that README.md of version 0.1.0 described was made by hand: a unit, a line for cron, a virtual
# environment in /opt and a link. Each goes aside into one folder, where the owner finds it; log and settings stay.
OLD_FILES="/etc/systemd/system/linkymonitor.service
/etc/systemd/system/linkymonitor-deliver.service
/etc/systemd/system/linkymonitor-serve.service
/etc/systemd/system/linkymonitor-report.service
/etc/systemd/system/linkymonitor-report.timer
/etc/cron.d/linkymonitor
/usr/local/bin/linkymonitor
/opt/linkymonitor"

# A file that packaging/install has written ends with this line.
MARK="# Written by packaging/install of linkymonitor."

kept() { # path: whether it belongs to packaging/install, which now runs again; the Debian package keeps none of these
	[ -n "$KEEP_OURS" ] && grep -qsxF "$MARK" "$1"
}

made_by_hand() { # path: whether it is a part of an installation that has to make room
	case $1 in
	*.service) [ -f "$ROOT$1" ] && grep -q '^ExecStart=.*/opt/linkymonitor/bin/linkymonitor' "$ROOT$1" && ! kept "$ROOT$1" ;;
	*.timer) [ -f "$ROOT$1" ] && grep -qxF "$MARK" "$ROOT$1" && ! kept "$ROOT$1" ;;
	/etc/cron.d/*) [ -f "$ROOT$1" ] && grep -q '^[^#].*linkymonitor report' "$ROOT$1" ;;
	/usr/local/bin/*) [ -L "$ROOT$1" ] && ! kept "$ROOT/opt/linkymonitor/installed-by" ;;
	/opt/*) [ -f "$ROOT$1/pyvenv.cfg" ] && ! kept "$ROOT$1/installed-by" ;;
	esac
}

move_older_installation() {
	aside=/var/backups/linkymonitor/by-hand-$(date +%Y%m%d-%H%M%S)
	moved=
	for path in $OLD_FILES; do
		made_by_hand "$path" || continue
		mkdir -p "$ROOT$aside$(dirname "$path")"
		mv "$ROOT$path" "$ROOT$aside$path"
		moved="$moved $path"
	done
	[ -n "$moved" ] || return 0
	say "une installation faite à la main a été mise de côté dans $aside :$moved ; le journal et les réglages restent en place." \
		"an installation made by hand was moved aside into $aside:$moved; the log and the settings stay in place."
}

make_user() { # also a member of the groups of the port, the pins and the display that this system has
	getent group linkymonitor >/dev/null || addgroup --quiet --system linkymonitor
	getent passwd linkymonitor >/dev/null ||
		adduser --quiet --system --ingroup linkymonitor --home /var/lib/linkymonitor --no-create-home linkymonitor
	for group in dialout gpio i2c; do
		getent group "$group" >/dev/null || continue
		id -nG linkymonitor | grep -qw "$group" || adduser --quiet linkymonitor "$group" >/dev/null
	done
	for folder in /var/log/linkymonitor /var/lib/linkymonitor; do
		install -d -o linkymonitor -g linkymonitor -m 750 "$folder"
	done
}

running() { [ -d /run/systemd/system ]; }

UNITS="linkymonitor.service linkymonitor-deliver.service linkymonitor-serve.service linkymonitor-report.timer"

start_at_boot() { # once, at the first installation: what an owner switches off later stays off
	command -v systemctl >/dev/null || return 0
	systemctl enable --quiet linkymonitor.service linkymonitor-report.timer linkymonitor-serve.service
	if grep -q '^\[sink:' /etc/linkymonitor.ini 2>/dev/null; then systemctl enable --quiet linkymonitor-deliver.service; fi
}

start_now() {
	running || return 0
	systemctl daemon-reload
	for unit in $UNITS; do
		if systemctl --quiet is-enabled "$unit" 2>/dev/null; then systemctl restart --no-block "$unit"; fi
	done
}

stop_all() {
	running || return 0
	for unit in $UNITS linkymonitor-report.service; do systemctl stop "$unit" 2>/dev/null || true; done
}

disable_all() {
	command -v systemctl >/dev/null || return 0
	for unit in $UNITS; do systemctl disable --quiet "$unit" 2>/dev/null || true; done
}

purge_data() { # all that a meter has left on this machine: the owner asked for it
	rm -rf /var/log/linkymonitor /var/lib/linkymonitor /run/linkymonitor
	rm -f /var/lib/systemd/timers/stamp-linkymonitor-report.timer
	rm -rf /etc/systemd/system/linkymonitor.service.d /etc/systemd/system/linkymonitor-deliver.service.d
	rm -rf /etc/systemd/system/linkymonitor-serve.service.d /etc/systemd/system/linkymonitor-report.service.d
	if getent passwd linkymonitor >/dev/null; then deluser --quiet --system linkymonitor || true; fi
	if getent group linkymonitor >/dev/null; then delgroup --quiet --system linkymonitor 2>/dev/null || true; fi
}
