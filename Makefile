# Two commands for a newcomer: make demo, make test. Both make .venv and install what they need.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: demo check test exactness exactness-arm64 bench docs docs-corruptions docs-fidelity clean

demo: .venv/installed
	$(BIN)/avrb demo demo-out

# Lint, types and some tests that start few processes: for use between edits.
QUICK := architecture braces digest docs_site draw errors filters json lists messages names \
	options progress shown tar

check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist worksteal $(QUICK:%=tests/test_%.py)

test: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist worksteal

# The golden digests under other libraries, CPU features and machines.
exactness:
	tests/exactness/matrix.sh

exactness-arm64:
	tests/exactness/arm64.sh

bench: .venv/installed
	$(BIN)/python benchmarks/kernels.py
	$(BIN)/python benchmarks/kernels.py --memory
	$(BIN)/python benchmarks/bank_kinds.py
	$(BIN)/python benchmarks/loading.py
	$(BIN)/python benchmarks/conditions.py
	$(BIN)/python benchmarks/overhead.py corrupting ranks memory million
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/storage.py

# Constraints by environment variable: they hold in pip's build environments too.
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

clean:
	rm -rf .venv .exactness build dist site demo-out *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The site, in site/: needs no network and fails at a warning or a broken link.
docs: .venv/installed
	$(BIN)/python docs/scripts/gallery.py
	$(BIN)/python -m sphinx -q -W --keep-going -j auto -c docs -d build/docs/doctrees . site
	$(BIN)/python docs/scripts/check_links.py site

# The generated pages that lie in the repository; fidelity.md needs ../shared and takes some minutes.
docs-corruptions: .venv/installed
	$(BIN)/python docs/scripts/corruptions.py

docs-fidelity: .venv/installed
	$(BIN)/python docs/scripts/fidelity.py
