# The verbs of everyday work; `make` alone lists them. What is missing is installed (packages.txt).
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
DESTDIR ?=
ARGS ?=
IMAGE ?= waaft
FUZZ ?= 15
FILES ?= $(shell git ls-files 'server/*.cpp' 'cmd/*.cpp')

# Debian 12 has a number at its names.
clang_format = $(firstword $(shell command -v clang-format-14 clang-format))
clang_tidy = $(firstword $(shell command -v clang-tidy-14 clang-tidy))
clang = $(firstword $(shell command -v clang-14 clang))
clangxx = $(firstword $(shell command -v clang++-14 clang++))

commit := $(shell git rev-parse --short=12 HEAD 2>/dev/null)
web_sources := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)
cmake_files := CMakeLists.txt CMakePresets.json $(wildcard cmake/*)

.PHONY: help deps deps-% build run test test-versions test-cluster lint tidy format asan tsan fuzz bench web web-test image install deb dist clean

help: ## show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

deps: deps-build deps-web ## install the Debian packages that a build needs
deps-%:
	@scripts/install-packages $*

# ---- web page ----

web/node_modules/.package-lock.json: web/package-lock.json web/package.json
	npm --prefix web ci --no-progress
	@touch $@

web/dist/index.html: $(web_sources) web/node_modules/.package-lock.json
	npm --prefix web run build

web: deps-web ## build the web page into web/dist
	@$(MAKE) --no-print-directory web/dist/index.html

web-test: web
	npm --prefix web run check
	npm --prefix web test

# ---- builds ----

build/%/build.ninja: CMakePresets.json | deps-build
	cmake --preset $*
	@touch $@

# The fuzzer is clang's, and so are the sanitizers beside it.
build/sanitize/build.ninja: CMakePresets.json | deps-build deps-fuzz
	CC=$(clang) CXX=$(clangxx) cmake --preset sanitize
	@touch $@

# The tree that $(1) names, of the CMakePresets.json.
define build_tree
	@$(MAKE) --no-print-directory build/$(1)/build.ninja
	@cmake --build build/$(1) -j$(JOBS) $(if $(2),--target $(2))
endef

build: deps web ## build the optimised program, build/release/cmd/waaft
	$(call build_tree,release,waaft)

run: build ## build and start the server; ARGS="--port 3001"
	build/release/cmd/waaft serve $(ARGS)

# ---- checks ----

test: deps deps-test deps-e2e web ## every test: unit, lint, web, integration, browsers
	$(call build_tree,dev)
	@scripts/run-tests build/dev

test-versions: deps deps-test web ## tests of this version beside the first one of each protocol version
	$(call build_tree,dev,waaft)
	@scripts/run-version-tests build/dev/cmd/waaft

test-cluster: deps deps-test deps-cluster web ## tests that need a Kubernetes cluster: WAAFT_KIT or KUBECONFIG
	$(call build_tree,dev,waaft)
	@WAAFT=$(CURDIR)/build/dev/cmd/waaft scripts/run-cluster-tests

lint: deps-test deps-lint ## dependency table, sizes, formatting, shell scripts
	@for check in includes circles files names cleanup; do python3 -B tests/lint/$$check.py || exit 1; done
	@git ls-files '*.cpp' '*.h' | xargs $(clang_format) --dry-run --Werror
	@shellcheck scripts/* .ci/run $$(git ls-files '*.sh')

tidy: deps-test deps-lint build/alone/build.ninja ## clang-tidy over FILES, each alone; all of them take an hour of one core
	@cmake --build build/alone --target waaft_commit
	@printf '%s\n' $(FILES) | xargs -P $(JOBS) -n 1 $(clang_tidy) -p build/alone --quiet

format: build deps-lint ## format the sources; renew the README's table and the schema
	@git ls-files '*.cpp' '*.h' | xargs $(clang_format) -i
	@scripts/write-generated build/release/cmd/waaft

asan: deps deps-test deps-fuzz web ## unit tests under the address and undefined-behaviour sanitizers
	$(call build_tree,sanitize,unit_tests)
	ctest --test-dir build/sanitize --output-on-failure --no-tests=error -j$(JOBS) -R '^unit_'

tsan: deps deps-test web ## unit tests under the thread sanitizer
	$(call build_tree,tsan,unit_tests)
	ctest --test-dir build/tsan --output-on-failure --no-tests=error -j$(JOBS) -R '^unit_'

fuzz: deps deps-test deps-fuzz web ## each fuzz target for FUZZ seconds, or FUZZ=20000runs
	$(call build_tree,sanitize,fuzz_targets)
	@scripts/run-fuzz build/sanitize $(FUZZ)

bench: deps-test build ## measure chat, servers that share rooms, overload and the command line on this machine; ARGS are those of `waaft bench chat`
	build/release/cmd/waaft bench chat $(ARGS)
	build/release/cmd/waaft bench cluster
	build/release/cmd/waaft bench overload
	WAAFT=$(CURDIR)/build/release/cmd/waaft node tests/bench/command_line.mjs

# ---- what is shipped ----

image: ## build the container image $(IMAGE)
	docker build --build-arg COMMIT=$(commit) -t $(IMAGE) .

install: build ## install below PREFIX (/usr/local) in DESTDIR
	@scripts/install-files build/release/cmd/waaft "$(DESTDIR)" "$(PREFIX)"

deb: build deps-deb ## build dist/waaft_*.deb
	@scripts/build-deb build/release/cmd/waaft

dist: build deps-deb ## build dist/: archive, package, image, bill of materials, sums; the same bytes each time
	@scripts/build-dist build/release/cmd/waaft

clean: ## remove everything that was built
	rm -rf build dist web/dist web/node_modules
