PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: plan test check docs evidence bench bench-million fuzz clean

plan: $(VENV)/.ready
	$(BIN)/dosimetry plan examples/snmmi_patient4.yaml

test: check docs
	$(BIN)/pytest -n 2

check: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.ready
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

evidence: $(VENV)/.evidence
	$(BIN)/python docs/evidence.py

bench: $(VENV)/.bench
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/batch.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/population.py
	$(BIN)/python benchmarks/speed.py

bench-million: $(VENV)/.bench
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/population.py --million

fuzz: $(VENV)/.fuzz
	$(BIN)/python -u tests/fuzz/run.py

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

$(VENV)/.bench: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt lmfit
	touch $@

$(VENV)/.evidence: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[evidence]"
	touch $@

$(VENV)/.fuzz: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[fuzz]"
	touch $@

clean:
	rm -rf $(VENV) dist build site fuzz-failures
