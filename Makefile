.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
export PYTHONPATH := shared:infra

help: ## What can be done here
	@grep -E '^[a-z-]+:.*##' Makefile | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.venv/.ready: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

setup: .venv/.ready ## Install what development needs

lint: setup ## Style, types and import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

demo: setup .venv-emulator/.ready ## See a link at work between two simulated systems; LINK=name for another
	$(BIN)/python -m tieline_ops.demo $(LINK)

run: setup .venv-emulator/.ready ## Keep the same up, to play with, until Ctrl-C; LINK=name for another
	$(BIN)/python -m tieline_ops.local $(LINK)

browser: setup ## Find a browser for the console's tests; as root, install Debian's if there is none
	PYTHONPATH=$(PYTHONPATH):tests $(BIN)/python -m support.browser

test: lint audit sam .venv-emulator/.ready ## Everything that CI checks
	$(BIN)/pytest -n 3 --dist loadfile

lock: setup ## Compute the pinned versions anew from pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate pyproject.toml -o shared/requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --extra ops --extra dev -c shared/requirements.txt pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate -c requirements/dev.txt requirements/signing.in -o shared/signing.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate -c requirements/dev.txt requirements/console.in -o requirements/console.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate requirements/sam.in -o requirements/sam.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate requirements/emulator.in -o requirements/emulator.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate requirements/audit.in -o requirements/audit.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate -c requirements/dev.txt requirements/rie.in -o requirements/rie.txt

.venv-%/.ready: requirements/%.txt .venv/.ready
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .venv-$*
	$(BIN)/uv pip install --quiet --python .venv-$*/bin/python -r $<
	touch $@

sam: .venv-sam/.ready .venv-rie/.ready ## Install aws-sam-cli and Lambda's runtime client

# What runs in AWS, and what its layer is built for.
RUNTIME ?= python3.13
ARCHITECTURE ?= arm64
export RUNTIME ARCHITECTURE
export UV := $(abspath $(BIN)/uv)
SAM := SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam
RUN_ON := --parameter-overrides Runtime=$(RUNTIME) Architecture=$(ARCHITECTURE)

build: sam ## Check and compile the links, and build what is deployed
	$(BIN)/python -m tieline_ops compile
	$(SAM) build $(RUN_ON)

deploy: build ## Deploy to your AWS account; asks before it changes anything
	$(SAM) deploy --guided $(RUN_ON)

build-console: setup ## Put together what the console in AWS runs
	$(BIN)/python -m tieline_ops.console.packing pack build/console $(RUNTIME) $(ARCHITECTURE)

deploy-console: sam build-console ## Deploy the console to your AWS account, behind signed requests; asks before
	rights=$$($(BIN)/python -m tieline_ops.console.packing rights) && \
	$(SAM) deploy --guided --template infra/console.yaml --stack-name tieline-console --resolve-s3 \
		--capabilities CAPABILITY_IAM $(RUN_ON) $$rights

package-check: sam ## See that what would be deployed is whole, and needs nothing of this machine
	$(BIN)/pytest tests/e2e/aws/test_build.py tests/e2e/aws/test_templates.py tests/e2e/aws/test_cost.py

audit: setup .venv-audit/.ready ## Look for known vulnerabilities of what is pinned; passes where the index cannot be asked
	PYTHONPATH=$(PYTHONPATH):tests $(BIN)/python -m security.audit

INPUTS ?= 20000
fuzz: setup ## Give each reader of what comes from outside INPUTS made-up inputs, and keep the counts
	TIELINE_FUZZ_INPUTS=$(INPUTS) PYTHONPATH=$(PYTHONPATH):tests $(BIN)/python -m security.fuzz

security: setup ## Run what proves a check of docs/security.md, and write its table anew
	PYTHONPATH=$(PYTHONPATH):tests $(BIN)/python -m security

systems: setup ## Hold every connector to the same claims, link every pair of systems, and write the table
	PYTHONPATH=$(PYTHONPATH):tests $(BIN)/python -m conformance -n 2 --dist loadfile

bench: sam ## Measure a link's cold start against the import of what it is made with
	PYTHONPATH=$(PYTHONPATH):tests $(BIN)/python benchmarks/cold_start.py

.PHONY: killpoints
killpoints: setup ## Kill one process at each point of each kind of act, for every kind of system
	POWERTOOLS_LOG_LEVEL=CRITICAL POWERTOOLS_TRACE_DISABLED=true PYTHONHASHSEED=0 PYTHONPATH=$(PYTHONPATH):tests $(BIN)/python -m simulation.model.killpoints --page

SEEDS ?= 10000
simulate: setup ## Random worlds on a turned clock: people, faults, crashes (SEEDS=10000)
	POWERTOOLS_LOG_LEVEL=CRITICAL POWERTOOLS_TRACE_DISABLED=true PYTHONHASHSEED=0 PYTHONPATH=$(PYTHONPATH):tests $(BIN)/python -m simulation.model $(SEEDS) --page

TICKETS ?= 20000
backlog: setup .venv-emulator/.ready ## Change TICKETS tickets at once, through the local stack
	PYTHONPATH=$(PYTHONPATH):tests $(BIN)/python benchmarks/backlog.py $(TICKETS) --page

.PHONY: connect
connect: TICKETS := 10000
connect: setup .venv-emulator/.ready ## Pair TICKETS tickets of each side by a key, killed and resumed on the way
	PYTHONPATH=$(PYTHONPATH):tests $(BIN)/python benchmarks/connect.py $(TICKETS) --page

LINKS ?= 300
many: sam ## Build LINKS links over every pair of systems as they would be deployed, and hold them against AWS's quotas
	PYTHONPATH=$(PYTHONPATH):tests $(BIN)/python benchmarks/many_links.py $(LINKS) --page

rapid: setup ## Twenty edits of a checklist within three seconds, on one side and on both
	POWERTOOLS_LOG_LEVEL=CRITICAL POWERTOOLS_TRACE_DISABLED=true PYTHONPATH=$(PYTHONPATH):tests $(BIN)/python -m simulation.rapid_edits --page

.PHONY: many build-console deploy-console browser rapid systems backlog simulate help setup lint demo run test lock sam build deploy package-check audit fuzz security bench

.PHONY: trust
trust: setup .venv-emulator/.ready ## Make the examples of docs/trust.md anew, on the local stack
	PYTHONPATH=$(PYTHONPATH):tests $(BIN)/python -m e2e.trust_page
