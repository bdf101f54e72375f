# The front door. Every target but up and down works on a machine with nothing but make and Python 3.11 or newer.

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip --disable-pip-version-check --no-input --quiet
STAMP  := $(VENV)/.set-up
BENCH  := $(VENV)/.set-up-bench
GO     := $(VENV)/.set-up-go
LOCKS  := requirements-build.lock requirements-dev.lock requirements-java.lock
UV     := 0.13.9
# Tests of servers and streams mostly wait, so that three processes fill two cores. Each has servers and a Spark of its
# own: 3.5 GiB. The order is that of tests/conftest.py: what takes longest first, so that no process is left with it.
PYTEST := $(PY) -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.PHONY: help setup run test check check-long bench pictures go up down docker lock clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## make .venv with everything that the product and its checks need, from the locks

run: setup ## show the product at work, and leave its report as a page: logwinnow demo
	@$(VENV)/bin/logwinnow demo

test: setup ## run the tests that this machine allows and name the rest (ARGS="-k words" chooses)
	@$(PYTEST) $(ARGS)

check: setup ## all that CI asks for: format, lint, types, layers, and every test, where a skipped one fails
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports --no-logo
	@LOGWINNOW_REQUIRE_ALL=1 $(PYTEST)

check-long: export LOGWINNOW_LONG = 1
check-long: check ## the same with the slow tests and a longer search for counterexamples

bench: setup $(BENCH) ## all engines beside their rivals, the stream beside its ceiling, some minutes (ARGS: of training)
	@$(PY) benchmarks/training --small $(ARGS)
	@$(PY) benchmarks/streaming --small
	@$(PY) benchmarks/matching --small

$(BENCH): $(STAMP) requirements-bench.lock
	@echo "bench: the packages of requirements-bench.lock"
	@$(PIP) install --require-hashes --no-build-isolation --use-pep517 -r requirements-bench.lock
	@touch $@

# Nothing runs that no lock names: what builds the two packages without a wheel (pyspark and this one) comes first,
# and the builds use it instead of fetching their own.
$(STAMP): pyproject.toml $(LOCKS) Makefile
	@$(PY) -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    "$(PYTHON)" -c '' 2>/dev/null || { \
	        echo "make: '$(PYTHON)' does not run here, and logwinnow needs Python 3.11 or newer:" \
	            "install one (Debian: apt install python3 python3-venv)" \
	            "or name one, as in: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12" >&2; exit 1; }; \
	    "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	        echo "make: '$(PYTHON)' is Python $$("$(PYTHON)" -c 'import platform; print(platform.python_version())')," \
	            "and logwinnow needs 3.11 or newer:" \
	            "install one and name it, as in: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12" >&2; exit 1; }; \
	    "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	        echo "make: '$(PYTHON)' cannot make a virtual environment, for its modules venv and ensurepip are not" \
	            "installed: install them (Debian: apt install python3-venv)" >&2; exit 1; }; \
	    echo "setup: a virtual environment in $(VENV)"; \
	    "$(PYTHON)" -m venv --clear $(VENV); }
	@echo "setup: the packages of requirements-dev.lock (the first time pyspark alone is a download of 430 MB)"
	@$(PIP) install --require-hashes -r requirements-build.lock
	@$(PIP) install --require-hashes --no-build-isolation --use-pep517 -r requirements-dev.lock
	@$(PIP) install --no-deps --no-index --no-build-isolation --editable .
	@$(PY) -m spark.java >/dev/null 2>&1 || { \
	    echo "setup: a Java from requirements-java.lock, for none of version 17 or newer is on this machine"; \
	    $(PIP) install --require-hashes -r requirements-java.lock; }
	@echo "setup: done, Spark runs on $$($(PY) -m spark.java)"
	@touch $@

go: $(GO) ## a Go of the tests' own, for a machine whose own is missing or older than 1.24

$(GO): $(STAMP) requirements-go.lock
	@echo "go: the package of requirements-go.lock (75 MB)"
	@$(PIP) install --require-hashes -r requirements-go.lock
	@touch $@

pictures: setup $(BENCH) ## draw the pictures of the README again, into docs/pictures (wants Chromium)
	@$(PY) benchmarks/pictures.py

up: docker ## start Kafka, Elasticsearch and Kibana on this machine, for a stream between them (docker-compose.yml)
	@echo "up: Kafka, Elasticsearch and Kibana (the first time their images are downloaded, more than 1 GB)"
	@docker compose up --wait || { \
	    echo "make: not all of docker-compose.yml came up: 'docker compose ps --all' shows what did not," \
	        "'docker compose logs NAME' why (a port that another program has? less than 4.5 GiB of memory?)" >&2; exit 1; }
	@echo "up: Kafka at 127.0.0.1:9092, Elasticsearch at http://127.0.0.1:9200, Kibana at http://127.0.0.1:5601"
	@echo "Next, with logwinnow from 'make setup' and '. $(VENV)/bin/activate':"
	@echo "  logwinnow setup elasticsearch --set sink.elasticsearch.replicas=0"
	@echo "  logwinnow train /var/log/syslog.1"
	@echo "  logwinnow stream --set source.kind=kafka --set sink.kind=elasticsearch"
	@echo "and, beside it, lines to judge:"
	@echo "  docker compose exec -T kafka /opt/kafka/bin/kafka-console-producer.sh" \
	    "--bootstrap-server 127.0.0.1:9092 --topic logs </var/log/syslog"
	@echo "They are in Kibana then: http://127.0.0.1:5601"

down: docker ## stop them and keep their data (docker compose down --volumes removes the data too)
	@docker compose down
	@echo "down: the data are kept for the next 'make up'; 'docker compose down --volumes' removes them"

docker:
	@command -v docker >/dev/null || { \
	    echo "make: 'docker' is not on this machine, and Kafka, Elasticsearch and Kibana would run in it:" \
	        "install Docker Engine with its compose plugin; 'make run' shows logwinnow at work without" >&2; exit 1; }
	@docker compose version >/dev/null 2>&1 || { \
	    echo "make: 'docker compose' does not run here, for docker lacks its compose plugin:" \
	        "install it (Debian 13: apt install docker-compose, Ubuntu: docker-compose-v2, else docker-compose-plugin)" \
	        >&2; exit 1; }
	@docker info >/dev/null 2>&1 || { \
	    echo "make: docker is here, but its engine does not answer: start it, or get the right to use it" \
	        "('docker info' says which)" >&2; exit 1; }

lock: ## resolve the locks again, keeping what still fits (UPGRADE=1: the newest of everything)
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && \
	"$(PYTHON)" -m venv "$$tools" && \
	"$$tools/bin/python" -m pip --disable-pip-version-check --no-input --quiet install uv==$(UV) && \
	compile() { \
	    "$$tools/bin/uv" pip compile --quiet --python "$$tools/bin/python" --python-version 3.11 --universal \
	        --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
	        $(if $(UPGRADE),--upgrade) "$$@"; } && \
	compile pyproject.toml -o requirements.lock && \
	compile pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock && \
	compile --group bench -c requirements-dev.lock -o requirements-bench.lock && \
	compile --group build -c requirements-dev.lock -o requirements-build.lock && \
	compile --group java -o requirements-java.lock && \
	compile --group go -o requirements-go.lock && \
	if grep -n '://' requirements*.lock; then \
	    echo "make lock: a lock names a host: take it out of the settings of uv on this machine" >&2; exit 1; fi

clean: ## remove what make made: .venv, caches, builds
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name .git -prune -o -name __pycache__ -prune -exec rm -rf {} +
