# Every command a person types. On a fresh machine `make book` or `make test` does all the set-up.

PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000
WORKERS ?= 2
INSTALLED := .venv/.installed
# uv installs five times as fast; where it has no build, or doesn't reach the packages as pip is told to, pip does it.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
BOOK := _build/.book
EXECUTED := _build/.executed
EXTENDED := _build/.extended
# make book SOLUTIONS=0 leaves the solutions' pages out.
SOLUTIONS ?= 1
TOC := $(if $(filter 0,$(SOLUTIONS)),_build/toc.yml,_toc.yml)
SHOWN := _build/.solutions-$(SOLUTIONS)
PDF := _build/em-at-bat.pdf
SITE_ZIP := _build/em-at-bat-site.zip
LITE_SITE := _build/.lite
# Some machines (containers mostly) forbid Python its compiled modules; then each of the hundreds of kernels and
# graders here compiles SciPy anew, which takes longer than what it was started for.
unexport PYTHONDONTWRITEBYTECODE
# Processes run side by side, one for each processor: where each also spreads a product of matrices over all of
# them (OpenBLAS, or Accelerate on macOS), they wait for one another.
export OPENBLAS_NUM_THREADS := 1
export VECLIB_MAXIMUM_THREADS := 1

CHAPTERS := $(wildcard chapters/*.ipynb)
NOTEBOOKS := $(CHAPTERS) $(wildcard solutions/*/*.ipynb)
EXERCISES := $(wildcard exercises/*/*.ipynb)
EXTENSIONS := $(wildcard site/extensions/*.py site/extensions/*.js)
PACKAGE := $(shell find src -type f -not -name '*.pyc')
TEXT := _config.yml _toc.yml references.bib intro.md $(shell find chapters site tools -type f -not -name '*.pyc') \
  $(wildcard exercises/ex*/*.ipynb solutions/ex*/*.ipynb)

.DEFAULT_GOAL := help
.PHONY: help book serve pdf site-zip lite public test test-away lint links notebooks exercises release grade \
  gradescope questions teaching practice slides \
  bench bench-grading lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

book: $(BOOK) ## build the book as a site and print where it is
	@echo "The book: $(CURDIR)/_build/html/index.html"

serve: book ## build the book and serve it on localhost (PORT=8000)
	@echo "The book: http://localhost:$(PORT)/ (stop with Ctrl-C)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

pdf: $(PDF) ## print the book through LaTeX and check that it is whole
	@echo "The book: $(CURDIR)/$(PDF)"

site-zip: $(SITE_ZIP) ## pack the site into an archive to read from disk
	@echo "The site: $(CURDIR)/$(SITE_ZIP)"

lite: $(LITE_SITE) ## make the site with JupyterLab inside, run by the browser
	@echo "The site: $(CURDIR)/_build/lite (serve it; notebooks load Python from Pyodide's host, cdn.jsdelivr.net)"

public: $(PDF) $(SITE_ZIP) $(if $(LITE),$(LITE_SITE)) ## make all that is published in one folder (LITE=1: lite too)
	$(BIN)/python tools/editions.py public $(if $(LITE),--lite)

test: book lint ## build the book and run every test, the notebooks' outputs included (WORKERS=2)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --nbval --nbval-current-env --ignore tests/away tests $(NOTEBOOKS) $(EXERCISES)

test-away: $(PDF) $(LITE_SITE) ## test the PDF, lite, and notebooks in a clean environment (slow, uses the network)
	$(BIN)/python -m pytest tests/away

links: book ## follow every link to another site (uses the network)
	$(BIN)/jupyter-book build . --toc $(TOC) --builder custom --custom-builder linkcheck -q -n --keep-going

lint: $(INSTALLED) ## check style and format of the code, in notebooks too
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

notebooks: $(INSTALLED) ## run every chapter and solution from top to bottom and store it normalised
	$(BIN)/python tools/notebooks.py --execute $(NOTEBOOKS)

exercises: $(INSTALLED) ## generate exercises/, what students get, from solutions/
	$(BIN)/python tools/exercises.py

# TERM=2027 gives other data to every student; grade with the same TERM. Terminals have a variable of that name,
# so it counts only where make is given it.
IN_TERM = $(if $(findstring command,$(origin TERM)),--term "$(TERM)")
release: $(INSTALLED) ## write the zip of a lab to hand out (LAB=lab1_batting TERM=)
	@$(BIN)/python tools/release.py "$(LAB)" $(IN_TERM)

# Of the limits on a submission, those given are passed on: CELL_SECONDS=60 TOTAL_SECONDS=600 MEMORY_MB=2048.
# FORMAT=canvas or moodle, with GRADEBOOK=export.csv, puts the points into that file (COLUMN= names its column).
grade: $(INSTALLED) ## grade submissions (LAB=lab1_batting FROM=folder TERM= ROSTER= MANUAL= OUT= JOBS=2 FORMAT= GRADEBOOK=)
	@$(BIN)/python tools/grade.py "$(LAB)" --from "$(FROM)" $(IN_TERM) $(if $(ROSTER),--roster "$(ROSTER)") \
	  $(if $(MANUAL),--manual "$(MANUAL)") $(if $(OUT),--out "$(OUT)") $(if $(JOBS),--jobs "$(JOBS)") \
	  $(if $(CELL_SECONDS),--cell-seconds "$(CELL_SECONDS)") $(if $(MEMORY_MB),--memory-mb "$(MEMORY_MB)") \
	  $(if $(TOTAL_SECONDS),--total-seconds "$(TOTAL_SECONDS)") $(if $(FORMAT),--format "$(FORMAT)") \
	  $(if $(GRADEBOOK),--gradebook "$(GRADEBOOK)") $(if $(COLUMN),--column "$(COLUMN)") $(if $(PARTIAL),--partial)

gradescope: $(INSTALLED) ## bundle a lab's grading for Gradescope's autograder (LAB=lab1_batting TERM=)
	@$(BIN)/python tools/gradescope.py "$(LAB)" $(IN_TERM)

questions: $(INSTALLED) ## write the exercises' choices and numbers as QTI 1.2 for Canvas and the like
	@$(BIN)/python tools/questions.py

teaching: $(INSTALLED) ## write the sheets for assistants and readers: slips by question, rubrics, samples
	@$(BIN)/python tools/teaching.py

practice: $(INSTALLED) ## say over what a class stumbles, from students' report() files (FROM=folder)
	@$(BIN)/python tools/stumbles.py --from "$(FROM)"

slides: $(EXECUTED) ## make the slides of the three lectures, with speaker's notes
	@$(BIN)/python tools/notebooks.py --cache _build/.jupyter_cache $(CHAPTERS)
	@$(BIN)/python tools/slides.py

bench: book ## measure speed beside other software, of pages, of build and tests, as ratios in one run
	$(BIN)/python benchmarks/bench.py
	$(BIN)/python benchmarks/pages.py
	$(BIN)/python benchmarks/building.py

bench-grading: $(INSTALLED) ## measure submissions graded per minute, from 10 to 300 (takes a quarter of an hour)
	$(BIN)/python benchmarks/grading_speed.py

lock: $(INSTALLED) ## choose versions anew and pin them in requirements.txt
	$(BIN)/uv pip compile --universal --fork-strategy fewest --python-version 3.11 --upgrade --quiet \
	  --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  --all-extras --group dev pyproject.toml --output-file requirements.txt

clean: ## remove what was built, but not the environment
	rm -rf _build

$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 14) else \
	  "EM at Bat needs Python 3.11 to 3.14, and this is %d.%d: make book PYTHON=python3.13" % v)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what requirements.txt pins into .venv"
	@$(PIP) --only-binary uv "$$(grep '^uv==' requirements.txt)" 2>/dev/null \
	  && $(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements.txt \
	  || $(PIP) --requirement requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# The outputs of a notebook depend on the package: when that changes, all are made anew.
$(EXECUTED): $(INSTALLED) $(PACKAGE)
	@rm -rf _build/.jupyter_cache
	@mkdir -p _build && touch $@

# The outputs that the site shows, through LaTeX. Both builds share one cache, so they take turns.
$(PDF): $(BOOK)
	@rm -rf _build/latex $@
	$(BIN)/jupyter-book build . --toc $(TOC) --builder latex -q -W -n --keep-going
	$(BIN)/python tools/pdf.py

$(SITE_ZIP): $(BOOK)
	$(BIN)/python tools/editions.py zip

$(LITE_SITE): $(BOOK)
	$(BIN)/python tools/editions.py lite
	@touch $@

$(SHOWN): $(EXECUTED)
	@rm -f _build/.solutions-*
	@touch $@

# Sphinx keeps what its extensions have made of pages, and doesn't notice that an extension has changed.
$(EXTENDED): $(EXECUTED) $(EXTENSIONS)
	@rm -rf _build/.doctrees
	@touch $@

# Sphinx alone would neither drop pages that are gone nor copy a changed style sheet.
$(BOOK): $(EXECUTED) $(EXTENDED) $(TEXT) $(SHOWN)
	@rm -rf _build/html
	$(if $(filter 0,$(SOLUTIONS)),$(BIN)/python tools/toc.py > $(TOC))
	$(BIN)/python tools/notebooks.py --cache _build/.jupyter_cache $(CHAPTERS)
	$(BIN)/jupyter-book build . --toc $(TOC) -q -W -n --keep-going
	@touch $@
