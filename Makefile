# The book's commands. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
CODE := dropout_lib tests tools chapters
CHAPTERS := $(wildcard chapters/*.ipynb)

# One thread for tests and notebooks: sums and timings then do not depend on the number of cores,
# and threads that wait do not keep a core busy.
ONE_THREAD := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE OPENBLAS_NUM_THREADS=1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: book test lab execute evidence bench serve set-repository clean help

book: $(INSTALLED)  ## build the book and say what to open
	@rm -rf _build/html _build/.doctrees  # an incremental build would not repeat its warnings
	$(BIN)/jupyter-book build . -W --keep-going -q
	@echo
	@echo "The book is built. Open _build/html/index.html, or run: make serve"

test: $(INSTALLED)  ## check everything: style, library, chapters, built book, browser
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(ONE_THREAD) $(BIN)/pytest tests \
		--ignore=tests/test_notebooks.py --ignore=tests/test_book.py --ignore=tests/browser
	$(ONE_THREAD) DROPOUT_PROGRESS=off $(BIN)/pytest --doctest-modules dropout_lib
	$(if $(CHAPTERS),$(ONE_THREAD) DROPOUT_PROGRESS=off $(BIN)/pytest --nbval --nbval-current-env chapters)
	$(BIN)/pytest tests/test_notebooks.py
	@$(MAKE) --no-print-directory book
	$(BIN)/pytest tests/test_book.py
	$(ONE_THREAD) $(BIN)/pytest tests/browser

lab: $(INSTALLED)  ## open the chapters in JupyterLab
	$(BIN)/jupyter trust $(CHAPTERS)
	$(BIN)/jupyter lab chapters

execute: $(INSTALLED)  ## run the chapters again and store their outputs; CH=02 runs chapter 2 only
	$(ONE_THREAD) $(BIN)/python -m tools.notebooks execute $(CH)

evidence: $(INSTALLED)  ## run every experiment again (hours; killed, it goes on where it stopped)
	$(ONE_THREAD) $(BIN)/python -m dropout_lib.experiments run --all --again --jobs 2

bench: $(INSTALLED)  ## measure the library's speed and print the table
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/pytest tests/bench/bench_speed.py -s

serve: _build/html/index.html  ## serve the built book on this machine, at http://127.0.0.1:8000
	$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

set-repository: $(INSTALLED)  ## URL=https://...: carry the repository's address to where it is needed
ifeq ($(origin URL),undefined)
	@echo "Say which address: make set-repository URL=https://host/owner/name"; exit 1
else
	$(BIN)/python -m tools.repository set "$(URL)"
endif

clean:  ## remove what the build and the tests wrote; the environment stays
	rm -rf _build .pytest_cache .ruff_cache .benchmarks

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

_build/html/index.html:
	@$(MAKE) --no-print-directory book

# The environment. TORCH_INDEX=<address> takes torch from there, e.g. PyTorch's CPU build.
$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo "The book needs Python 3.10 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1)."; \
		echo "Name a newer one, for example: make PYTHON=python3.12 book"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python could not make an environment."; \
		echo "On Debian and Ubuntu its package python3-venv is missing."; exit 1; }
	@echo "Installing what the book needs into $(VENV): the first time this takes some minutes."
ifneq ($(TORCH_INDEX),)
	$(BIN)/pip install --quiet --index-url "$(TORCH_INDEX)" "$$(grep '^torch==' requirements.txt)"
endif
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@
