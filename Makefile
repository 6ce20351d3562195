# Weft. The two commands that a newcomer needs are `make demo` and `make test`; both install what is missing (Debian 12).

.PHONY: all demo test lint format clean

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

lint:
	swift format lint --strict --recursive Package.swift Sources Tests

format:
	swift format --in-place --recursive Package.swift Sources Tests

clean:
	rm -rf .build
