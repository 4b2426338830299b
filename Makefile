# Every target does its own set-up. `make` alone lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
DATA := .run
TALLY := $(DATA)/torture.jsonl
# One test process more than there are cores: many tests wait for another program. A process that has run its tests takes
# tests of another process.
PARALLEL = -n $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --dist worksteal
# A Pi takes Pillow and lgpio from Debian: nothing is compiled there.
VENV_FLAGS := $(if $(filter armv%,$(shell uname -m)),--system-site-packages)
# Sets up what only Debian packages can give: $(call debian,program or test,package,what goes without it)
debian = { $(1); } >/dev/null 2>&1 || { \
	if [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(2) >/dev/null; \
	else echo "*** $(2) is missing: $(3). Install it with: sudo apt-get install $(2)" >&2; $(4); fi; }

.DEFAULT_GOAL := help
HOME_ASSISTANT ?= /var/tmp/linkymonitor-home-assistant
BOX ?= /var/tmp/linkymonitor-box
.PHONY: home-assistant box deb install uninstall purge dist help run test cover check report bench wheel clean format torture samples dashboards pictures

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18
	@echo '  ARGS="…" is passed on: make run ARGS="-t 30"'

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "*** $(PYTHON) is not there, or older than Python 3.11. Name a newer one: make run PYTHON=python3.11" >&2; exit 1; }
	@$(call debian,$(PYTHON) -c 'import ensurepip$(comma) venv',python3-venv,no virtual environment can be made,exit 1)
	@echo "Setting up $(VENV), which takes about a minute the first time."
	@$(PYTHON) -m venv $(VENV_FLAGS) $(VENV)

comma := ,

$(VENV)/run.ready: $(VENV)/pyvenv.cfg pyproject.toml
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/dev.ready: $(VENV)/run.ready pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@# Debian has paho-mqtt 1.6, which the tests try beside version 2.
	@$(BIN)/pip install --quiet --disable-pip-version-check --upgrade --target $(VENV)/paho-1.6 paho-mqtt==1.6.1 || \
	echo "*** paho-mqtt 1.6.1 is missing: the tests with it are skipped" >&2
	@touch $@

run: $(VENV)/run.ready ## read the meter, or a simulated house, with the display in the terminal
	@$(BIN)/linkymonitor run --dir $(DATA) $(ARGS)

report: $(VENV)/run.ready ## draw the pages of what `make run` has logged
	@last=$$(ls -t $(DATA)/*/log/trial.json 2>/dev/null | head -n 1); \
	[ -n "$$last" ] || { echo "*** Nothing is logged yet: make run" >&2; exit 1; }; \
	$(BIN)/linkymonitor report -c "$${last%log/trial.json}linkymonitor.ini" $(ARGS)

test: $(VENV)/dev.ready ## every test; the campaigns in short
	@$(call debian,command -v chromium,chromium,the tests of the pages in a browser are skipped,true)
	@$(call debian,command -v influxd && command -v victoria-metrics,influxdb victoria-metrics,the tests with real databases are skipped,true)
	@$(call debian,PATH=$$PATH:/usr/sbin command -v mosquitto,mosquitto,the tests of MQTT are skipped,true)
	@$(call debian,ls /usr/lib/postgresql/*/bin/initdb && ls /usr/lib/*/libpq.so.5,postgresql libpq5,the tests of PostgreSQL are skipped,true)
	@$(call debian,PATH=$$PATH:/usr/sbin command -v mariadbd,mariadb-server,the tests of MariaDB are skipped,true)
	@# The tests start our commands hundreds of times: also where Python is told to keep no bytecode, compile them once.
	@$(BIN)/python -m compileall -q linkymonitor
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

cover: $(VENV)/dev.ready ## every test but the campaigns, and which lines and branches they reach
	@$(call debian,command -v chromium,chromium,the tests of the pages in a browser are skipped,true)
	@$(call debian,command -v influxd && command -v victoria-metrics,influxdb victoria-metrics,the tests with real databases are skipped,true)
	$(BIN)/python -m pytest $(PARALLEL) -m 'not campaign' --cov --cov-report=term:skip-covered $(ARGS)

check: $(VENV)/dev.ready ## format, lint, layers, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

format: $(VENV)/dev.ready ## rewrite the code as `make check` wants it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev.ready ## the budgets, in 7 minutes of an idle machine: figure, limit, held or not
	@$(call debian,command -v valgrind,valgrind,instructions cannot be counted,true)
	@$(BIN)/python -m bench $(ARGS)

samples: $(VENV)/run.ready ## draw the sample pages of docs/samples again
	$(BIN)/python docs/samples/draw_samples.py

dashboards: $(VENV)/run.ready ## write the dashboards of etc/grafana again
	$(BIN)/python docs/grafana/draw_dashboards.py

pictures: $(VENV)/dev.ready ## draw the pictures of the READMEs again, from the sample pages
	$(BIN)/python docs/images/draw_oled.py
	$(BIN)/python docs/images/draw_wiring.py
	$(BIN)/python docs/images/draw_pictures.py

home-assistant: $(VENV)/dev.ready ## the meter in a real Home Assistant; root, 2 GB; ARGS=--pictures draws those of docs
	@$(call debian,PATH=$$PATH:/usr/sbin command -v mosquitto,mosquitto,there is no broker,exit 1)
	@$(BIN)/python -m tests.home_assistant $(HOME_ASSISTANT) $(ARGS)

box: $(VENV)/dev.ready ## install, live and remove in booted roots of Debian; root, 3 GB; ARGS='--only trixie'
	@$(call debian,command -v mmdebstrap,mmdebstrap,there is no root,exit 1)
	@$(call debian,command -v systemd-nspawn,systemd-container,nothing can be booted,exit 1)
	@$(call debian,command -v qemu-arm-static,qemu-user-static,there is no emulated ARM,exit 1)
	@$(BIN)/python -m tests.box $(BOX) $(ARGS)

wheel: $(VENV)/dev.ready ## build the wheel in dist/
	$(BIN)/python -m build --wheel --no-isolation

deb: ## build the Debian package in dist/
	@$(call debian,command -v dpkg-deb,dpkg,no package can be built,exit 1)
	@$(PYTHON) packaging/build_deb.py dist

install: ## install linkymonitor on this machine, with its units: sudo make install
	@packaging/install $(ARGS)

uninstall: ## remove the program; settings, log and pages stay
	@packaging/install --uninstall $(ARGS)

purge: ## remove the program, the settings, the log and the pages
	@packaging/install --purge $(ARGS)

dist: $(VENV)/dev.ready ## all files of a release in dist/, with notes and checksums
	@rm -rf dist
	@# The same commit makes the same files.
	epoch=$$($(BIN)/python packaging/build_deb.py --epoch) && export SOURCE_DATE_EPOCH=$$epoch && \
	$(BIN)/python -m build --wheel --sdist --no-isolation && $(BIN)/python packaging/build_deb.py dist
	@$(BIN)/python packaging/build_deb.py --notes > dist/NOTES.md
	@cd dist && sha256sum *.whl *.tar.gz *.deb NOTES.md > SHA256SUMS && cat SHA256SUMS

clean: ## remove all that was made, but for the logs of `make run`
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# Its two halves side by side; the table even when one has failed.
torture: $(VENV)/dev.ready ## the long campaigns, for an hour or two: noise, power cuts, clocks, lines, kills
	@mkdir -p $(DATA) && rm -f $(TALLY)
	@export LINKYMONITOR_TALLY=$(TALLY) LINKYMONITOR_TORTURE=1; \
	$(BIN)/python -m tests.torture --jobs 2 & noise=$$!; trap 'kill $$noise 2>/dev/null' INT TERM EXIT; \
	$(BIN)/python -m pytest -q -s --timeout=5400 -m campaign --ignore=tests/campaigns/test_campaign.py $(ARGS); status=$$?; \
	wait $$noise && [ $$status = 0 ]; status=$$?; \
	$(BIN)/python -m tests.support.tally; exit $$status
