#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
#
# What scripts/guest promises, tried on the host with short-lived guests. KTAP.
TOP=$(cd "$(dirname "$0")/../.." && pwd -P)
GUEST=$TOP/scripts/guest
WORK=$(mktemp -d /tmp/test-guest.XXXXXX)
trap 'rm -rf "$WORK"' EXIT
# guest OPTION... -- COMMAND...: stdout and stderr in files, the status in $?
guest() {
	"$GUEST" "$@" >"$WORK/out" 2>"$WORK/err" </dev/null
}

# expect STATUS: what the last command ended with.
expect() {
	local status=$?

	[ "$status" -eq "$1" ] && return
	echo "# exit status $status, wanted $1"
	sed 's/^/# /' "$WORK/err"
	return 1
}

# A guest in a process group of its own, as a terminal would start it. By its
# mark all that belongs to it can be told.
start_guest() {
	set -m
	TLSUP_TEST_MARK=$WORK "$GUEST" "$@" >"$WORK/out" 2>"$WORK/err" </dev/null &
	PID=$!
	set +m
	for _ in $(seq 300); do
		! grep -qs up "$WORK/out" || return 0
		sleep 0.1
	done
	echo "# the guest does not come up"
	sed 's/^/# /' "$WORK/err"
	return 1
}

# Processes and folders that carry the mark.
marked() {
	grep -lsza "^TLSUP_TEST_MARK=$WORK\$" /proc/[0-9]*/environ
	grep -ls "$WORK" "$TOP"/build/guest-run.*/settings
}

the_command_is_the_hosts_own() {
	guest --no-module -- sh -c 'readlink /proc/$$/exe'
	expect 0 && [ "$(cat "$WORK/out")" = "$(readlink -f /bin/sh)" ]
}

status_is_passed_through() {
	guest --no-module -- sh -c 'exit 37'
	expect 37 || return
	guest --no-module -- true
	expect 0
}

arguments_arrive_as_given() {
	local odd=$'a  b\n$HOME `x` "q" \\ *'

	guest --no-module -- printf '%s|' "$odd" '' é
	expect 0 && [ "$(cat "$WORK/out")" = "$odd||é|" ]
}

output_is_clean_and_apart() {
	guest --no-module -- sh -c 'echo out; echo err >&2; echo x >/dev/stderr'
	expect 0 && [ "$(cat "$WORK/out")" = out ] &&
		grep -qx err "$WORK/err" && grep -qx x "$WORK/err"
}

much_output_comes_whole() {
	guest --no-module -- seq 200000
	expect 0 && seq 200000 | cmp - "$WORK/out"
}

the_command_runs_in_the_callers_folder_as_root() {
	(cd "$WORK" && guest --no-module -- sh -c 'pwd; id -u')
	expect 0 && [ "$(cat "$WORK/out")" = "$WORK"$'\n'0 ]
}

only_build_is_written_through() {
	local name=test-guest.$$

	echo before >"$WORK/file"
	guest --no-module -- sh -c "echo after >$WORK/file; echo x >/etc/$name
		mkdir $WORK/dir; echo y >$TOP/build/$name; cat $WORK/file"
	expect 0 || return
	[ "$(cat "$WORK/out")" = after ] && [ "$(cat "$WORK/file")" = before ] &&
		[ ! -e "/etc/$name" ] && [ ! -e "$WORK/dir" ] &&
		[ "$(cat "$TOP/build/$name")" = y ]
	set -- $?
	rm -f "$TOP/build/$name"
	return "$1"
}

a_warning_in_the_log_fails_the_run() {
	guest --no-module -- sh -c 'echo "WARNING: CPU: 0 at test" >/dev/kmsg'
	expect 125 && grep -q 'WARNING: CPU: 0 at test' "$WORK/err"
}

a_guest_that_dies_fails_the_run() {
	guest --no-module -- busybox poweroff -f
	expect 125 && grep -q 'the guest died' "$WORK/err"
}

a_hanging_command_is_ended_with_124() {
	guest --no-module --timeout 5 -- sleep 1000
	expect 124 && grep -q 'ended after 5 seconds' "$WORK/err"
}

# $1: the signal; $2: the exit status.
a_signal_leaves_nothing() {
	local tries=0

	start_guest --no-module -- sh -c 'echo up; sleep 1000' || return
	# What is looked for below must be there before.
	[ "$(marked | wc -l)" -ge 3 ] || return
	kill "-$1" "$PID"
	wait "$PID"
	expect "$2" || return
	while [ -n "$(marked)" ]; do
		if [ $((tries += 1)) -gt 20 ]; then
			marked | sed 's/^/# left behind: /'
			return 1
		fi
		sleep 0.1
	done
}

control_c_leaves_nothing_behind() {
	a_signal_leaves_nothing INT 130
}

sigterm_leaves_nothing_behind() {
	a_signal_leaves_nothing TERM 143
}

a_process_left_running_does_not_hold_the_guest() {
	guest --no-module --timeout 60 -- sh -c 'sleep 1000 & echo over'
	expect 0 && [ "$(cat "$WORK/out")" = over ]
}

two_guests_run_side_by_side() {
	local one=0 two=0

	"$GUEST" --no-module -- sh -c 'sleep 2; echo one' >"$WORK/one" \
		2>"$WORK/err" &
	set -- $!
	guest --no-module -- sh -c 'sleep 1; echo two' || two=$?
	wait "$1" || one=$?
	[ "$one$two" = 00 ] && [ "$(cat "$WORK/one" "$WORK/out")" = one$'\n'two ]
}

the_guest_has_what_programs_expect() {
	guest --no-module -- sh -ec 'test -c /dev/ptmx; test -d /dev/pts
		echo x >/dev/shm/x; echo x >/run/x; test -d /sys/kernel/debug/bdi
		grep -q . /proc/self/status; ping -c 1 127.0.0.1 >/dev/null 2>&1 ||
			ip addr show dev lo | grep -q "UP.*LOWER_UP"
		test -e /dev/fd/0; head -c 64 /dev/random | wc -c'
	expect 0 && [ "$(cat "$WORK/out")" = 64 ]
}

the_module_is_loaded_and_must_unload() {
	guest -- sh -c 'grep -o "^tlsup " /proc/modules'
	expect 0 && [ "$(cat "$WORK/out")" = 'tlsup ' ]
}

a_daemon_that_does_not_start_fails_the_run() {
	echo 'no such word' >"$WORK/bad.conf"
	guest --daemon "$WORK/bad.conf" -- echo ran
	expect 125 && ! grep -q ran "$WORK/out" &&
		grep -q 'before it was ready' "$WORK/err"
}

wrong_use_is_told() {
	guest --kernel nonesuch -- true
	expect 125 && grep -q 'no kernel "nonesuch"' "$WORK/err" || return
	guest --cpus 2 --no-module -- true
	expect 125 || return
	guest --timeout x -- true
	expect 125 || return
	guest
	expect 125 && grep -q usage "$WORK/err"
}

TESTS=(the_command_is_the_hosts_own status_is_passed_through
	arguments_arrive_as_given
	output_is_clean_and_apart much_output_comes_whole
	the_command_runs_in_the_callers_folder_as_root
	only_build_is_written_through a_warning_in_the_log_fails_the_run
	a_guest_that_dies_fails_the_run a_hanging_command_is_ended_with_124
	control_c_leaves_nothing_behind sigterm_leaves_nothing_behind
	a_process_left_running_does_not_hold_the_guest
	two_guests_run_side_by_side the_guest_has_what_programs_expect
	the_module_is_loaded_and_must_unload
	a_daemon_that_does_not_start_fails_the_run wrong_use_is_told)
[ $# -eq 0 ] || TESTS=("$@")

echo "TAP version 13"
echo "1..${#TESTS[@]}"
number=0 failed=0
for test in "${TESTS[@]}"; do
	verdict=ok
	"$test" || verdict='not ok' failed=1
	echo "$verdict $((number += 1)) ${test//_/ }"
done
exit $failed
