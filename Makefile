# Two commands do everything on a machine with Python 3.11 or later and make: `make demo`, `make test`.
PYTHON ?= python3
RUN = .venv/bin/python

.PHONY: demo test check book bench clean

demo: .venv/installed ## train by hand-written gradients, compare every gradient, write the derivations
	$(RUN) -m funcnet train --recipe source
	$(RUN) -m funcnet train --recipe deformed
	$(RUN) -m derivations compare funcnet.ops
	$(RUN) -m derivations book --output output/derivations.tex
	@echo
	@echo "Look at output/training-source.png, output/training-deformed.png and output/derivations.tex"

test: .venv/installed ## every test, on all cores
	$(RUN) -m pytest -n auto

check: .venv/installed ## format, lint, types, then the tests
	$(RUN) -m ruff format .
	$(RUN) -m ruff check .
	$(RUN) -m pyright
	$(RUN) -m pytest -n auto

book: .venv/installed ## the derivations as LaTeX, and as PDF where pdflatex is installed
	$(RUN) -m derivations book --output output/derivations.tex
	! command -v pdflatex >/dev/null || $(RUN) -m derivations book --output output/derivations.pdf

bench: .venv/installed ## every figure of the README
	$(RUN) -m benchmarks.steps
	$(RUN) -m benchmarks.tricks
	$(RUN) -m benchmarks.ops
	$(RUN) -m benchmarks.ops --peers
	$(RUN) -m benchmarks.digits
	$(RUN) -m benchmarks.proving
	$(RUN) -m benchmarks.detection

.venv/installed: pyproject.toml requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "funcnet needs Python 3.11 or later; run make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(RUN) -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[dev]'
	touch $@

clean: ## remove what make made
	rm -rf .venv output build *.egg-info
