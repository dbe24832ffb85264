# Every command a person types. On a fresh machine `make book` or `make test` does all the set-up.

PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000
INSTALLED := .venv/.installed
BOOK := _build/.book
EXECUTED := _build/.executed

NOTEBOOKS := $(wildcard chapters/*.ipynb)
PACKAGE := $(shell find src -type f -not -name '*.pyc')
TEXT := _config.yml _toc.yml references.bib intro.md $(shell find chapters site tools -type f -not -name '*.pyc')

.DEFAULT_GOAL := help
.PHONY: help book serve test lint notebooks release grade bench bench-grading lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

book: $(BOOK) ## build the book as a site and print where it is
	@echo "The book: $(CURDIR)/_build/html/index.html"

serve: book ## build the book and serve it on localhost (PORT=8000)
	@echo "The book: http://localhost:$(PORT)/ (stop with Ctrl-C)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

test: book lint ## build the book and run every test, the notebooks' outputs included
	$(BIN)/python -m pytest -n 2 --dist loadfile --nbval --nbval-current-env tests $(NOTEBOOKS)

lint: $(INSTALLED) ## check style and format of the code, in notebooks too
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

notebooks: $(INSTALLED) ## run every notebook from top to bottom and store it normalised
	$(BIN)/python tools/notebooks.py --execute $(NOTEBOOKS)

release: $(INSTALLED) ## write the zip of a lab to hand out (LAB=lab1_batting)
	@$(BIN)/python tools/release.py "$(LAB)"

# Of the limits on a submission, those given are passed on: CELL_SECONDS=60 TOTAL_SECONDS=600 MEMORY_MB=2048.
grade: $(INSTALLED) ## grade submissions (LAB=lab1_batting FROM=folder ROSTER= MANUAL= OUT= JOBS=2)
	@$(BIN)/python tools/grade.py "$(LAB)" --from "$(FROM)" $(if $(ROSTER),--roster "$(ROSTER)") \
	  $(if $(MANUAL),--manual "$(MANUAL)") $(if $(OUT),--out "$(OUT)") $(if $(JOBS),--jobs "$(JOBS)") \
	  $(if $(CELL_SECONDS),--cell-seconds "$(CELL_SECONDS)") $(if $(MEMORY_MB),--memory-mb "$(MEMORY_MB)") \
	  $(if $(TOTAL_SECONDS),--total-seconds "$(TOTAL_SECONDS)")

bench: $(INSTALLED) ## measure speed beside other software, as ratios in one run
	$(BIN)/python benchmarks/bench.py

bench-grading: $(INSTALLED) ## measure submissions graded per minute, from 10 to 300 (takes a quarter of an hour)
	$(BIN)/python benchmarks/grading_speed.py

lock: $(INSTALLED) ## choose versions anew and pin them in requirements.txt
	$(BIN)/uv pip compile --universal --fork-strategy fewest --python-version 3.11 --upgrade --quiet \
	  --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  --all-extras --group dev pyproject.toml --output-file requirements.txt

clean: ## remove what was built, but not the environment
	rm -rf _build

$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else \
	  "EM at Bat needs Python 3.11 to 3.13, and this is %d.%d: make book PYTHON=python3.13" % v)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# The outputs of a notebook depend on the package: when that changes, all are made anew.
$(EXECUTED): $(INSTALLED) $(PACKAGE)
	@rm -rf _build/.jupyter_cache _build/.doctrees
	@mkdir -p _build && touch $@

# Sphinx alone would neither drop pages that are gone nor copy a changed style sheet.
$(BOOK): $(EXECUTED) $(TEXT)
	@rm -rf _build/html
	$(BIN)/jupyter-book build . -q -W -n --keep-going
	@touch $@
