# shellcheck shell=sh
# Steps that the Debian package and `make install` have in common: the user, an older installation, what starts at boot.
# Sourced by packaging/install, and copied into the package's scripts. ROOT is the folder of the system, empty for this one.
# Each step may be cut off at any point and be called again: it completes what is missing, and changes nothing else.

UNITS="linkymonitor.service linkymonitor-deliver.service linkymonitor-serve.service linkymonitor-report.timer"
# The units to switch on at the next installation. There is no such file before the first one; it is empty while
# linkymonitor is installed, so what an owner has switched off stays off. Only root may write into its folder.
SWITCHED=/var/lib/systemd/linkymonitor-units

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

BY_HAND='/(opt/linkymonitor|usr/local)/bin/linkymonitor'

# A file that packaging/install has written ends with this line.
MARK="# Written by packaging/install of linkymonitor."

kept() { # path: whether it belongs to packaging/install, which now runs again; the Debian package keeps none of these
	[ -n "$KEEP_OURS" ] && grep -qsxF "$MARK" "$1"
}

kept_cron() { # whether the line was written beside an installation of packaging/install, and so is what its owner wants
	[ -n "$KEEP_OURS" ] && [ -e "$ROOT$SWITCHED" ] && [ ! -s "$ROOT$SWITCHED" ]
}

made_by_hand() { # path: whether it is a part of an installation that has to make room
	case $1 in
	*.service) [ -f "$ROOT$1" ] && grep -Eq "^ExecStart=.*$BY_HAND" "$ROOT$1" && ! kept "$ROOT$1" ;;
	*.timer) [ -f "$ROOT$1" ] && grep -qxF "$MARK" "$ROOT$1" && ! kept "$ROOT$1" ;;
	# A line for cron of today's documents has no path: an owner may well prefer it to the timer.
	/etc/cron.d/*) [ -f "$ROOT$1" ] && grep -Eq "^[^#].*$BY_HAND report" "$ROOT$1" && ! kept_cron ;;
	/usr/local/bin/*) [ -L "$ROOT$1" ] && ! kept "$ROOT/opt/linkymonitor/installed-by" ;;
	/opt/*) [ -f "$ROOT$1/pyvenv.cfg" ] && ! kept "$ROOT$1/installed-by" ;;
	esac
}

half_made() { # whether packaging/install began in /opt/linkymonitor and never came to its end: nothing there is an owner's
	grep -qsxF "$MARK" "$ROOT/opt/linkymonitor/installed-by" && [ ! -e "$ROOT/opt/linkymonitor/version" ] &&
		[ ! -L "$ROOT/usr/local/bin/linkymonitor" ]
}

move_older_installation() {
	if [ -z "$KEEP_OURS" ] && half_made; then rm -rf "$ROOT/opt/linkymonitor"; fi
	aside=/var/backups/linkymonitor/by-hand-$(date +%Y%m%d-%H%M%S)
	moved=
	for path in $OLD_FILES; do
		made_by_hand "$path" || continue
		# Its process would go on without the files that it has not read yet.
		if [ -z "$moved$ROOT" ]; then stop_all; fi
		# The link that switches a unit on leads to the file that goes now: the unit is to be switched on anew.
		if [ -e "$ROOT$SWITCHED" ] && ls "$ROOT"/etc/systemd/system/*.wants/"${path##*/}" >/dev/null 2>&1; then
			echo "${path##*/}" >>"$ROOT$SWITCHED"
		fi
		rm -f "$ROOT"/etc/systemd/system/*.wants/"${path##*/}"
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
	# The folder above it is the user's, who could have put a link there: root follows none.
	pages=/var/lib/linkymonitor/report
	[ -e "$pages" ] || [ -L "$pages" ] ||
		setpriv --reuid linkymonitor --regid linkymonitor --clear-groups mkdir -m 750 "$pages"
	chown -h linkymonitor:linkymonitor "$pages"
}

running() { [ -d /run/systemd/system ]; }

start_at_boot() { # what was switched on before linkymonitor was removed; at the first installation all that it needs
	command -v systemctl >/dev/null || return 0
	if [ -e "$SWITCHED" ]; then
		units=$(cat "$SWITCHED")
	else
		units="linkymonitor.service linkymonitor-report.timer linkymonitor-serve.service"
		if grep -q '^\[sink:' /etc/linkymonitor.ini 2>/dev/null; then units="$units linkymonitor-deliver.service"; fi
	fi
	# The timer draws the pages that a line for cron drew.
	case ${moved:-} in */etc/cron.d/*) units="$units linkymonitor-report.timer" ;; esac
	for unit in $units; do systemctl enable --quiet "$unit" || true; done
	if [ ! -e "$SWITCHED" ] || [ -s "$SWITCHED" ]; then : >"$SWITCHED"; fi
}

tell_upgrade() { # version before, version now
	if [ "$1" = "$2" ]; then
		say "à jour, version $2" "up to date, version $2"
	else
		say "mis à jour, version $1 → $2" "upgraded, version $1 → $2"
	fi
}

fit_units() { # program: folders and a network that the settings need beyond those of the units
	"$1" setup --help >/dev/null 2>&1 || return 0
	if fitted=$("$1" setup --only units --yes </dev/null); then
		# One line is that nothing had to change.
		[ "$(echo "$fitted" | wc -l)" = 1 ] || echo "$fitted"
	else
		echo "$fitted"
		say "les services gardent leurs droits d'origine : sudo linkymonitor setup" \
			"the services keep the rights they are shipped with: sudo linkymonitor setup"
	fi
}

start_now() { # word: restart, or start for what does not run
	running || return 0
	systemctl daemon-reload
	for unit in $UNITS; do
		if systemctl --quiet is-enabled "$unit" 2>/dev/null; then systemctl "$1" --no-block "$unit"; fi
	done
}

stop_all() {
	running || return 0
	for unit in $UNITS linkymonitor-report.service; do systemctl stop "$unit" 2>/dev/null || true; done
}

disable_all() { # and note them for the next installation
	command -v systemctl >/dev/null || return 0
	for unit in $UNITS; do
		systemctl --quiet is-enabled "$unit" 2>/dev/null || continue
		echo "$unit" >>"$SWITCHED"
		systemctl disable --quiet "$unit" 2>/dev/null || true
	done
	# Of a unit that is gone, such as one that was moved aside.
	for link in /etc/systemd/system/*.wants/linkymonitor*; do
		if [ -L "$link" ] && [ ! -e "$link" ]; then rm "$link"; fi
	done
}

SETUP_JOURNAL=/var/lib/linkymonitor/setup/journal.json

changed_by_setup() { # the files of the machine that setup has changed, and that a removal leaves as they are
	# The folder above it is the user's: what is not root's is not read.
	if [ ! -f "$SETUP_JOURNAL" ] || [ ! -O "$SETUP_JOURNAL" ]; then return 0; fi
	sed -nE '/^ *"path": /h
		/^ *"undone": false/ {
			g
			s#^ *"path": "((boot|etc/modules-load|etc/systemd/system/(serial-getty|hciuart))[[:alnum:]@./_-]*)",$#/\1#p
		}' "$SETUP_JOURNAL" | sort -u | paste -sd ' '
}

tell_what_setup_leaves() { # to be said before the program goes
	left=$(changed_by_setup)
	[ -z "$left" ] || say \
		"ce que setup a changé reste : $left ; pour le défaire, réinstallez, puis « sudo linkymonitor setup --undo », puis enlevez" \
		"what setup has changed stays: $left; to take it back, install again, then 'sudo linkymonitor setup --undo', then remove"
}

tell_what_setup_leaves_for_good() { # to be said before its journal goes
	left=$(changed_by_setup)
	[ -z "$left" ] || say \
		"ce que setup a changé reste : $left ; « sudo linkymonitor setup --undo » devait venir avant ; c'est maintenant à défaire à la main" \
		"what setup has changed stays: $left; 'sudo linkymonitor setup --undo' had to come before; now it is to be taken back by hand"
}

empty() { # folder: removes it with all that it holds; of a link or a mount that an owner has put there, what it holds
	if [ -d "$1" ]; then find "$1/" -mindepth 1 -delete || true; fi
	if [ -L "$1" ]; then rm "$1"; elif [ -d "$1" ]; then rmdir "$1" 2>/dev/null || true; fi
}

purge_data() { # all that a meter has left on this machine: the owner asked for it
	for folder in /var/log/linkymonitor /var/lib/linkymonitor /run/linkymonitor; do empty "$folder"; done
	rm -f "$SWITCHED" /var/lib/systemd/timers/stamp-linkymonitor-report.timer
	for unit in $UNITS linkymonitor-report.service; do rm -rf "/etc/systemd/system/$unit.d"; done
	# userdel complains of a group with members, and deluser of a machine without cron.
	if getent group linkymonitor >/dev/null; then gpasswd -M '' linkymonitor || true; fi
	if getent passwd linkymonitor >/dev/null; then userdel linkymonitor || true; fi
	if getent group linkymonitor >/dev/null; then groupdel linkymonitor || true; fi
	if [ -d /etc/linkymonitor ]; then
		say "/etc/linkymonitor reste : ces fichiers sont les vôtres" "/etc/linkymonitor stays: these files are yours"
	fi
}
