# SPDX-License-Identifier: Apache-2.0
# What people type. The rules are scripts; each can be run by itself.
.PHONY: all deps build run region cluster deb bundle test bench fuzz asan tsan lint format clean

SANITIZER_OPTIONS = ASAN_OPTIONS=detect_stack_use_after_return=1 \
	UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 TSAN_OPTIONS=second_deadlock_stack=1

all: build

# Installs what is missing (Debian packages, Node.js, the UI's modules).
deps:
	@scripts/deps

# build/kuangtu, build/kuangtu-sim, web/dist
build: deps
	@scripts/build

# The demonstration mine at http://127.0.0.1:8080/ ; SCENARIO=name chooses what happens.
run: build
	@scripts/run-demo

# A county and three made-up mines; the county at http://127.0.0.1:8090/
region: build
	@scripts/deps --test
	@scripts/run-region

# Three etcd servers on loopback and two nodes on the demonstration mine; prints their addresses.
cluster: build
	@scripts/deps --test
	@scripts/run-cluster

# dist/kuangtu_VERSION_ARCH.deb
deb: build
	@scripts/make-deb

# The same with every Debian package that it needs, to be installed without a network.
bundle: build
	@scripts/make-bundle

test:
	@scripts/deps --test
	@scripts/build
	@scripts/run-tests

bench:
	@scripts/deps --test
	@scripts/build
	@scripts/bench

# FUZZ_SECONDS=60 a target
fuzz:
	@scripts/deps --test
	@scripts/fuzz

asan:
	@scripts/deps --test
	@$(SANITIZER_OPTIONS) scripts/run-tests --unit --build build-asan --sanitize address,undefined

tsan:
	@scripts/deps --test
	@$(SANITIZER_OPTIONS) scripts/run-tests --unit --build build-tsan --sanitize thread

lint:
	@scripts/lint

format:
	@clang-format -i $$(find src sim bench test -name '*.[ch]' -not -path '*/node_modules/*')

clean:
	rm -rf build build-test build-asan build-tsan build-fuzz web/dist dist test-out bench-out
