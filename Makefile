# Weft. The two commands that a newcomer needs are `make demo` and `make test`; both install what is missing (Debian 12).

.PHONY: all demo test simulate bench bench-micro bench-peers deb tarball install lint format clean

# Of `make simulate`.
SEEDS = 1-2000

# Of `make bench`, see docs/BENCHMARKS.md.
NODES = 10
RUNS = 1
REST = 10
WIREGUARD = none
export NODES RUNS REST WIREGUARD HEAD_START OUT LOGS ROUNDS ONLY

# The program, optimized, in .build/release/weft.
all:
	swift build -c release --product weft

# Three nodes in three network namespaces, joined by token alone.
demo:
	scripts/setup demo
	scripts/demo

# All tests: unit, interoperation with foreign peers, end to end on userspace and on the kernel's WireGuard.
test:
	scripts/setup test
	scripts/test

# Whole meshes under a virtual clock, each made from a seed: make simulate SEEDS=1-2000
simulate:
	scripts/setup demo
	scripts/simulate --seeds $(SEEDS)

# Many real nodes in network namespaces, started together: make bench NODES=60 RUNS=5 REST=60 WIREGUARD=none OUT=result.json
bench:
	scripts/setup demo
	scripts/bench mesh

# Processor time of hot paths.
bench-micro:
	scripts/setup demo
	scripts/bench micro

# What a stream of libp2p carries, and what an idle connection costs, beside go-libp2p.
bench-peers:
	scripts/setup demo
	interop/setup
	scripts/bench peers

# A Debian package in dist/, for Debian 12 and later and Ubuntu 24.04; it needs no Swift there.
deb:
	scripts/setup package
	scripts/package deb

tarball:
	scripts/setup package
	scripts/package tarball

# Below PREFIX (/usr/local), in DESTDIR.
install:
	scripts/package install

lint:
	swift format lint --strict --recursive Package.swift Sources Tests Benchmarks Examples

format:
	swift format --in-place --recursive Package.swift Sources Tests Benchmarks Examples

clean:
	rm -rf .build .build-release dist
