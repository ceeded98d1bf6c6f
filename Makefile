# The few commands of Bascule. Each one installs what it lacks (as root, by apt-get) and does its
# job; the work itself stands in tools/.
#
#   make            build the service (build/release/bascule)
#   make demo       from a scikit-learn pipeline to a promotion, explained step by step
#                   with your table: make demo DATA=f.csv LABEL=y [POSITIVE=1] [HEADER=no] [NA=?]
#   make test       every test a change needs; ends with the counts
#   make check      format, types, tidy, the second compiler
#   make test-slow  sanitizers, fuzzing, older processors, long tests; docs/slow-tests.md
#   make bench      the engine and its peers, model by model; the server against a minimal one
#   make bench-serve      a request's cost beside FastAPI, MLServer, BentoML and mlflow too
#   make bench-exporters  what exports, beside skl2onnx and ONNX Runtime (half an hour)
#   make deb        the Debian package: build/release/bascule_*.deb
#   make format     let the formatters write
SHELL := /bin/bash
JOBS ?= $(shell nproc)
PRESET ?= release
.PHONY: all build demo test test-slow check bench bench-serve bench-exporters deb format clean

all: build

build:
	tools/setup.sh build
	tools/build.sh $(PRESET) -j $(JOBS)

demo:
	@tools/setup.sh build
	@tools/venv.sh demo
	@tools/build.sh release -j $(JOBS) --target bascule
	@.venv/bin/python examples/demo.py $(if $(DATA),--data '$(DATA)') \
	  $(if $(LABEL),--label '$(LABEL)') $(if $(POSITIVE),--positive '$(POSITIVE)') \
	  $(if $(HEADER),--header '$(HEADER)') $(if $(NA),--na '$(NA)')

test:
	@tools/setup.sh build test
	@tools/test.sh

test-slow:
	@tools/setup.sh build test check slow
	@tools/test_slow.sh

check:
	@tools/setup.sh build test check
	@tools/venv.sh check --no-project
	@.venv/bin/python tools/check.py

bench:
	@tools/setup.sh build test peers bench
	@tools/venv.sh test
	@tools/build.sh release -j $(JOBS) --target bascule bench
	@tools/bench.sh

bench-serve:
	@tools/setup.sh build test bench
	@tools/venv.sh test
	@tools/build.sh release -j $(JOBS) --target bascule bench
	@.venv/bin/python bench/serve.py --peers

bench-exporters:
	@tools/setup.sh build test peers
	@tools/venv.sh test
	@.venv/bin/python bench/peers/exporters.py

deb:
	@tools/setup.sh build package
	@tools/build.sh release -j $(JOBS) --target bascule
	@tools/deb.sh

format:
	@tools/setup.sh check
	@tools/venv.sh check --no-project
	@.venv/bin/python tools/check.py --write

clean:
	rm -rf build .venv
