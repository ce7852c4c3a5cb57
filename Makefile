# `make run` and `make check` are all a newcomer needs. Every target makes the environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARTICLES ?= seeds
STORE ?= .rasid/$(if $(filter seeds,$(ARTICLES)),seeds,$(shell printf %s '$(ARTICLES)' | cksum | cut -d' ' -f1))
PORT ?= 8501

.PHONY: run check lint test train score kill clean

# Some refused inputs (code 1) are told and do not keep the dashboard from opening.
run: $(VENV)/.installed
	$(BIN)/python -m extract "$(ARTICLES)" --store "$(STORE)" || [ $$? -eq 1 ]
	RASID_STORE="$(STORE)" $(BIN)/streamlit run dashboard.py --server.port $(PORT)

check: $(VENV)/.installed-dev
	$(BIN)/python -m tests.chromium
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

train: $(VENV)/.installed-dev
	$(BIN)/python -m training.train

score: $(VENV)/.installed-dev
	$(BIN)/python -m training.score

# Reads killed at random moments, a hundred times (minutes): what is lost or doubled.
kill: $(VENV)/.installed-dev
	$(BIN)/python -m tests.kill_reads --trials 100

$(VENV)/bin/python:
	$(PYTHON) scripts/environment.py $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV) .rasid
