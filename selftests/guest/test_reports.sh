#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
#
# That the debug kernel's reports reach the one who asked: a module does one
# thing wrong, and the run fails and says which. KTAP.
. "$(dirname "$0")/../../scripts/lib/common.sh"
. "$TOP/scripts/lib/kernel.sh"
WORK=$(mktemp -d /tmp/test-reports.XXXXXX)
trap 'rm -rf "$WORK"' EXIT
MODULE=$BUILD/uml-debug/faults

# fault NAME WORDS: with this fault the run must fail and show the words.
fault() {
	"$TOP/scripts/guest" --kernel uml-debug --no-module -- \
		sh -c "insmod $MODULE/faults.ko what=$1 && rmmod faults" \
		>"$WORK/out" 2>&1 </dev/null
	status=$?
	[ $status -eq "$3" ] && grep -q "$2" "$WORK/out" && return
	echo "# exit status $status, wanted $3 and \"$2\""
	sed 's/^/# /' "$WORK/out"
	return 1
}

build() {
	kernel_ready uml-debug
	mkdir -p "$MODULE"
	cp "$TOP"/selftests/guest/faults/* "$MODULE/"
	make -s -C "$KDIR" "${KARGS[@]}" M="$MODULE" modules
}

build >"$WORK/build" 2>&1 || { sed 's/^/# /' "$WORK/build"; exit 1; }
echo "TAP version 13"
echo "1..6"
number=0 failed=0
while read -r name wanted words; do
	verdict=ok
	fault "$name" "$words" "$wanted" || verdict='not ok' failed=1
	echo "$verdict $((number += 1)) ${name//_/ } is reported"
done <<'TABLE'
leak 125 kmemleak reports
use_after_free 125 KASAN: slab-use-after-free
overflow 125 KASAN: slab-out-of-bounds
lock_order 125 possible circular locking dependency
sleep_in_atomic 125 sleeping function called from invalid context\|scheduling while atomic
nothing_known 1 .
TABLE
exit $failed
