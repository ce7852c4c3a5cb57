# `make run` and `make check` are all a newcomer needs. Every target makes the environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARTICLES ?= seeds
STORE ?= .rasid/$(if $(filter seeds,$(ARTICLES)),seeds,$(shell printf %s '$(ARTICLES)' | cksum | cut -d' ' -f1))
PORT ?= 8501

.PHONY: run check lint test train score clean

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

# make train REVIEWED=folder learns from what was reviewed in that workspace, too.
train: $(VENV)/.installed-dev
	$(BIN)/python -m training.train $(if $(REVIEWED),--reviewed "$(REVIEWED)")

score: $(VENV)/.installed-dev
	$(BIN)/python -m training.score

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
