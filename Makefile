# make report   set up, render the report of the seed register, say where it is
# make test     set up, run every test
# make lab      set up, open JupyterLab on the notebooks and the register
# make bench    set up, print the measurements (never pass or fail)
# make figures  rebuild what is committed from a run: pictures, stored outputs, the README's numbers
# make lock     resolve requirements.lock and environment.yml again from pyproject.toml

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

# One thread per process and one picture backend, so that a run repeats to the byte.
export OPENBLAS_NUM_THREADS := 1
export MPLBACKEND := agg

.PHONY: report test lab bench figures lock env clean
.DEFAULT_GOAL := report

report: env
	@$(BIN)/casualty-report render seed

test: env
	@$(BIN)/python -m pytest

lab: env
	@$(BIN)/casualty-report lab

bench: env
	@for file in tests/benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

figures: env
	@$(BIN)/python tests/regenerate.py figures notebook readme

lock: env
	$(BIN)/uv pip compile --quiet --upgrade --universal --fork-strategy fewest --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --extra dev pyproject.toml --output-file requirements.lock
	$(BIN)/python tests/regenerate.py environment

env: $(READY)

# The installer itself comes from the lock too, with its hashes.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info[:2] <= (3, 13) or sys.exit("Python 3.11 to 3.13 is needed; name one with: make PYTHON=python3.12 ...")'
	@echo "setting up $(VENV) (once)"
	@$(PYTHON) -m venv --clear $(VENV)
	@awk '/^[^ ]/ {wanted = /^uv==/} wanted' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock
	@env -u VIRTUAL_ENV $(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	@env -u VIRTUAL_ENV $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(READY)

clean:
	rm -rf $(VENV) reports
