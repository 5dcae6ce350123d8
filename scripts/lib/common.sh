# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
# shellcheck shell=bash
#
# What the scripts share: paths, messages, long steps with a progress line,
# and a clean end. To be sourced by bash.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
BUILD=$TOP/build
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/tlsup
KSRC=$CACHE/linux-source-6.12
ME=${0##*/}
export KSRC
# Not used by every script that sources this file.
: "$BUILD"

say() {
	printf '%s: %s\n' "$ME" "$*" >&2
}

die() {
	say "$*"
	exit 125
}

# Process groups that must not outlive this script.
GROUPS_OF_OURS=()
# Commands to run at the end, last first.
AT_EXIT=()

at_exit() {
	AT_EXIT=("$*" "${AT_EXIT[@]}")
}

# A group may have groups of its own to end: it is asked before it is killed.
_end_groups() {
	local group tries

	for group in "${GROUPS_OF_OURS[@]}"; do
		kill -TERM -- "-$group"
	done
	for group in "${GROUPS_OF_OURS[@]}"; do
		for ((tries = 0; tries < 30; tries++)); do
			kill -0 -- "-$group" || break
			sleep 0.1
		done
		kill -KILL -- "-$group"
	done
	wait
} 2>/dev/null

_leave() {
	local status=$? what

	trap '' INT TERM HUP
	trap - EXIT
	_end_groups
	for what in "${AT_EXIT[@]}"; do
		eval "$what"
	done
	exit "$status"
}

# clean_end: from here on, whatever ends the script, nothing is left behind.
clean_end() {
	trap _leave EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
}

# spawn COMMAND...: start a command or function in a process group of its own,
# its pid in SPAWNED. The whole group dies with this script.
spawn() {
	set -m
	"$@" &
	SPAWNED=$!
	set +m
	GROUPS_OF_OURS+=("$SPAWNED")
}

forget() {
	local pid left=()

	for pid in "${GROUPS_OF_OURS[@]}"; do
		[ "$pid" = "$1" ] || left+=("$pid")
	done
	GROUPS_OF_OURS=("${left[@]}")
}

# A line that grows old in place on a terminal, and is said again every half
# minute elsewhere.
progress() {
	if [ -t 2 ]; then
		printf '\r%s: %s ... %d s\e[K' "$ME" "$1" "$2" >&2
	elif [ $(($2 % 30)) -eq 0 ] && [ "$2" -gt 0 ]; then
		say "$1 ... $2 s"
	fi
}

# step WHAT LOG COMMAND...: run a long command, its output in LOG, with a
# progress line; when it fails, show the end of LOG. Returns its status.
step() {
	local what=$1 log=$2 start=$SECONDS status pid

	shift 2
	[ -t 2 ] || say "$what ..."
	spawn "$@" >"$log" 2>&1 </dev/null
	pid=$SPAWNED
	while kill -0 "$pid" 2>/dev/null; do
		progress "$what" $((SECONDS - start))
		pause 1 "$pid"
	done
	wait "$pid"
	status=$?
	forget "$pid"
	[ ! -t 2 ] || printf '\r\e[K' >&2
	if [ $status -ne 0 ]; then
		say "$what: FAILED after $((SECONDS - start)) s; $log ends:"
		tail -n 30 "$log" >&2
	else
		say "$what: $((SECONDS - start)) s"
	fi
	return $status
}

# pause SECONDS PID: sleep, but no longer than the process lives.
pause() {
	timeout "$1" tail --pid="$2" -s 0.1 -f /dev/null &
	wait $! 2>/dev/null
}

# take_lock NAME: one at a time on this machine, until the end of the script or
# drop_lock.
take_lock() {
	mkdir -p "$CACHE"
	exec {LOCK_FD}>"$CACHE/$1.lock"
	flock -n "$LOCK_FD" && return
	say "waiting for another run that has $1 in hand"
	flock "$LOCK_FD" &
	wait $!
}

drop_lock() {
	exec {LOCK_FD}>&-
}

# totals PASSED FAILED SKIPPED: the line that every run of tests closes with.
totals() {
	printf '%d passed, %d failed' "$1" "$2"
	[ "$3" -eq 0 ] || printf ', %d skipped' "$3"
	printf '\n'
}
