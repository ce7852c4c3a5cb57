# `make run` and `make check` are all a newcomer needs. Every target makes the environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARTICLES ?= seeds
STORE ?= .rasid/$(if $(filter seeds,$(ARTICLES)),seeds,$(shell printf %s '$(ARTICLES)' | cksum | cut -d' ' -f1))
PORT ?= 8501

# Every file that pip takes must have the hash in requirements*.txt, and none may run a set-up script.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all:
LOCK := $(VENV)-tools/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--system-certs --quiet --custom-compile-command "make lock" $(UPGRADE)

.PHONY: run check lint test train score kill fuzz bench bench-full load lock licences sbom audit clean

# Some refused inputs (code 1) are told and do not keep the dashboard from opening.
run: $(VENV)/.installed
	$(BIN)/python -m extract "$(ARTICLES)" --store "$(STORE)" || [ $$? -eq 1 ]
	RASID_STORE="$(STORE)" $(BIN)/streamlit run dashboard.py --server.port $(PORT)

check: $(VENV)/.installed-dev
	$(BIN)/python -m tests.chromium
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -m "not processes" --numprocesses 2 --dist loadfile
	$(BIN)/python -m pytest -m processes tests

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

# make train REVIEWED=folder learns from what was reviewed in that workspace, too.
train: $(VENV)/.installed-dev
	$(BIN)/python -m training.train $(if $(REVIEWED),--reviewed "$(REVIEWED)")

score: $(VENV)/.installed-dev
	$(BIN)/python -m training.score

# Reads killed at random moments, a hundred times (minutes): what is lost or doubled.
kill: $(VENV)/.installed-dev
	$(BIN)/python -m tests.kill_reads --trials 100

# Beside peers, all in one run (bench/RESULTS.md): some 25 minutes on two quiet cores; bench-full takes hours.
bench: $(VENV)/.installed-bench
	$(BIN)/python -m tests.chromium
	$(BIN)/python -m bench

bench-full: $(VENV)/.installed-bench
	$(BIN)/python -m tests.chromium
	$(BIN)/python -m bench --full

# After a change of requirements*.in. UPGRADE=--upgrade takes what is newest of all that these need in turn.
lock: $(VENV)-tools/bin/uv
	$(LOCK) requirements.in --output-file requirements.txt
	$(LOCK) requirements-dev.in --output-file requirements-dev.txt
	$(LOCK) requirements-bench.in --output-file requirements-bench.txt
	$(LOCK) requirements-tools.in --output-file requirements-tools.txt
	$(MAKE) licences

licences: $(VENV)/.installed
	$(BIN)/python -m scripts.licences docs/licences.md

# What is installed, in CycloneDX form.
sbom: $(VENV)/.installed $(VENV)-tools/.installed
	mkdir -p bench/out
	$(VENV)-tools/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
		--output-file bench/out/sbom.cdx.json requirements.txt

# Known weaknesses of what is installed. Asks PyPI.
audit: $(VENV)-tools/.installed
	$(VENV)-tools/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.txt

# Fifty readers at once on a million mentions: some ten minutes.
load: $(VENV)/.installed-dev
	$(BIN)/python -m bench.load_sessions

$(VENV)/bin/python:
	$(PYTHON) scripts/environment.py $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(INSTALL) -r requirements.txt
	touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(INSTALL) -r requirements-dev.txt
	touch $@

$(VENV)-tools/bin/python:
	$(PYTHON) scripts/environment.py $(VENV)-tools

# The tool that makes the locks: by its own pinned version, for the lock may not be there yet.
$(VENV)-tools/bin/uv: requirements-tools.in | $(VENV)-tools/bin/python
	$(VENV)-tools/bin/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements-tools.in)"
	touch $@

$(VENV)-tools/.installed: requirements-tools.txt | $(VENV)-tools/bin/python
	$(VENV)-tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $<
	touch $@

# An hour each by default: make fuzz SECONDS=60
SECONDS ?= 3600
fuzz: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check atheris==3.0.0
	$(BIN)/python -m fuzz readers --seconds $(SECONDS)
	$(BIN)/python -m fuzz reading --seconds $(SECONDS)

# geonames-tagger brings some forty packages: it has a folder of its own, and the measure says so where it cannot be had.
$(VENV)/.installed-bench: requirements-bench.txt $(VENV)/.installed-dev
	$(INSTALL) -r requirements-bench.txt
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check --target bench/out/tagger geonames-tagger==1.1.0
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-tools .rasid bench/out
