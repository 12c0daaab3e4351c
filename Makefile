# make demo [IMAGE=path]   a portrait becomes at most 400 bytes and a picture again, in demo-out/
# make test                ruff, import-linter, mypy, pytest
# make site                the documentation as pages, in site-out/
# make bench PICTURES=DIR  ten pictures of a folder through Intaglio, VVC and AVIF (at half size): bench-out/index.html
#
# Each works as the first and only command on a machine with git, make and Python 3.11 to 3.13; what is
# installed goes into $(VENV) and is kept until pyproject.toml or constraints.txt change.

VENV ?= .venv
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)

# PyPI's torch for Linux brings gigabytes of CUDA libraries; the CPU build comes from this index. pip would wait minutes
# for an index that it cannot reach, so it is named only where it answers within 5 seconds. TORCH_INDEX= takes PyPI's.
TORCH_INDEX ?= $(if $(filter Linux,$(shell uname -s)),https://download.pytorch.org/whl/cpu)
ANSWERS = import signal, urllib.request; signal.alarm(5); urllib.request.urlopen("$(TORCH_INDEX)/torch/")
INSTALL = $(VENV)/bin/python -m pip install --quiet --constraint constraints.txt \
  $$($(VENV)/bin/python -c '$(ANSWERS)' 2>/dev/null && echo --extra-index-url $(TORCH_INDEX))

demo: $(VENV)/installed
	$(VENV)/bin/intaglio demo $(if $(IMAGE),"$(IMAGE)")

test: $(VENV)/installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/lint-imports --no-cache
	$(VENV)/bin/mypy
	$(VENV)/bin/pytest

site: $(VENV)/installed-dev
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict --site-dir site-out

# Without PICTURES the bundled portrait is all that is measured. FEATURES=DIR: feature networks (docs/guides/measuring.md).
PICTURES ?= src/intaglio/data
bench: $(VENV)/installed-bench
	$(VENV)/bin/intaglio bench run "$(PICTURES)" --limit 10 --size 256 --faces --bytes 250 400 1000 --peers vvc/2 avif/2 \
	  $(if $(FEATURES),--features "$(FEATURES)") --out bench-out

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Intaglio into $(VENV)."
	$(INSTALL) --editable .
	touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Intaglio, torch and the test tools into $(VENV): minutes the first time."
	$(INSTALL) --editable '.[dev]'
	touch $@ $(VENV)/installed

$(VENV)/installed-bench: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Intaglio, torch, peers and judges into $(VENV): minutes the first time."
	$(INSTALL) --editable '.[bench]'
	touch $@ $(VENV)/installed

.PHONY: bench demo test site clean
.DELETE_ON_ERROR:
