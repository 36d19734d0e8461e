# The first python3 of at least 3.11 that is found, or: make PYTHON=/path/to/python3
PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin

.PHONY: plan test quick system check coverage docs evidence calibration accuracy audit crash bench bench-planner mutate fuzz clean

plan: $(VENV)/.ready
	$(BIN)/dosimetry plan examples/snmmi_patient4.yaml --as-of 2026-01-20

test: system
	$(MAKE) check docs
	$(BIN)/pytest -n 2

# While writing: no browsers, PDF, clusters, compiled kernels, whole commands, plans or pages.
quick: $(VENV)/.ready
	$(BIN)/pytest -n 2 -m "not slow"

# Chromium and Pango, without which tests fail: looked at before any long work.
system:
	@.ci/system

check: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

coverage: $(VENV)/.ready
	$(BIN)/pytest -n 2 --cov --cov-report=term tests/course tests/cycle tests/documents tests/label tests/patient tests/physics tests/planning tests/recalculation tests/test_files*.py tests/test_file_kinds.py

docs: $(VENV)/.ready
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

evidence: $(VENV)/.evidence
	$(BIN)/python docs/evidence.py

# Curves are drawn by code that shares nothing with the estimator.
calibration: TRUTHS := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONPATH=tests/builders
calibration: $(VENV)/.ready
	$(TRUTHS) $(BIN)/python docs/calibration.py
	$(TRUTHS) $(BIN)/python docs/continuity.py
	$(BIN)/python docs/calibration_page.py

bench: $(VENV)/.bench
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks

# PLANNER_SHARE=0.1 measures a tenth.
bench-planner: $(VENV)/.ready
	PYTHONPATH=tests/builders $(BIN)/python benchmarks/planner_load.py

accuracy: $(VENV)/.ready
	$(BIN)/python tests/course/exact_draws.py

audit: $(VENV)/.audit
	$(BIN)/pip-audit --strict --no-deps --disable-pip --requirement constraints.txt

crash: $(VENV)/.ready
	$(BIN)/python tests/crash/kills.py

mutate: $(VENV)/.mutation
	rm -rf mutants
	$(BIN)/python docs/mutation.py

fuzz: $(VENV)/.fuzz
	$(BIN)/python -u tests/fuzz/run.py

$(VENV)/.ready: pyproject.toml constraints.txt
	python="$(or $(PYTHON),$$(.ci/python))" && "$$python" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

$(VENV)/.bench: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt lmfit
	touch $@

$(VENV)/.evidence: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[evidence]"
	touch $@

$(VENV)/.audit: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[audit]"
	touch $@

$(VENV)/.mutation: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[mutation]"
	touch $@

$(VENV)/.fuzz: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[fuzz]"
	touch $@

clean:
	rm -rf $(VENV) dist build site mutants calibrated fuzz-failures
