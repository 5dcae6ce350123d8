# SPDX-License-Identifier: GPL-2.0-only
#
# make [TARGET]. Everything is done by scripts/, Kbuild and the Makefiles below;
# output goes to build/, kernels to ~/.cache/tlsup.
#
#	all, build	daemon, programs, the module for Debian's kernel
#	setup		install what is needed (the others do so, too)
#	demo		see it work, on Debian's kernel in a guest
#	check		every tier of tests; closes with "N passed, N failed"
#	lint unit kunit selftests guest interop stock fuzz	one tier
#
#	install uninstall	below $(DESTDIR)$(PREFIX); needs "make build" first
#	deb		Debian packages in build/deb
#	deb-test	install and remove them on a throw-away root; takes minutes
#
#	soak		the tests with large counts, 30 minutes and more; PART=races for
#			one part of them (scripts/soak names them)
#	coverage	what tests and corpus reach of the handshake engine
#	report		the figures of all that was run, as one table
#	bench		figures beside others'; PART=record for one part of them
#
# FULL=1 tries all of what is otherwise a choice; FUZZ_SECONDS=N makes fuzz go by
# chance, for so long.

BUILD := $(CURDIR)/build
export FULL FUZZ_SECONDS SOAK_SECONDS RUNS MS DESTDIR PREFIX LIBDIR

all build:
	@scripts/build

setup:
	@scripts/setup

check:
	@scripts/check

# The kernel that each tier's guest runs.
stock: KERNEL := stock-6.12 stock-6.1
selftests kunit: KERNEL := uml-debug
interop guest: KERNEL := uml
lint unit fuzz: KERNEL := none
lint unit kunit selftests guest interop stock fuzz:
	@scripts/build $(KERNEL)
	@scripts/tier $@

demo:
	@scripts/build
	@scripts/guest --kernel stock-6.12 -- scripts/demo

bench:
	@scripts/build none
	@scripts/bench $(PART)

install:
	@scripts/install

uninstall:
	@scripts/install --uninstall

deb:
	@scripts/setup
	@scripts/deb

deb-test:
	@scripts/deb
	@scripts/deb-test

soak:
	@scripts/build uml uml-debug smp-debug smp-kcsan
	@scripts/soak $(PART)

coverage:
	@scripts/build none
	@scripts/coverage

report:
	@mkdir -p $(BUILD)
	@scripts/report | tee $(BUILD)/report.md

clean:
	rm -rf $(BUILD)

.PHONY: all build setup check lint unit kunit selftests guest interop stock \
	fuzz demo soak coverage bench report clean install uninstall deb deb-test
