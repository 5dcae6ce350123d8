# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
# shellcheck shell=bash disable=SC2153
#
# The life of one guest. scripts/guest has set KERNEL, CPUS, MEM, TIMEOUT,
# DAEMON_CONF, WITH_MODULE and ICOUNT; kernel_ready has set KIMAGE, KMODS and KREL.

# What of the caller's environment the command sees.
PASSED='HOME|LANG|LC_ALL|FULL|SOAK|XDG_CACHE_HOME|KSRC|FUZZ_SECONDS|TLSUP_[A-Z_]*'

# guest_prepare COMMAND...: the folder by which host and guest talk (see
# selftests/guest/init), and room for the log.
guest_prepare() {
	local from name module=''

	case $TOP$CACHE in
	*[[:space:],]*) die "blanks and commas in paths do not work: $TOP, $CACHE" ;;
	esac
	mkdir -p "$BUILD/log"
	RUN=$(mktemp -d "$BUILD/guest-run.XXXXXX") || exit 125
	at_exit 'rm -rf "$RUN"'
	LOG=$BUILD/log/$KERNEL.$(date +%H%M%S).${RUN##*.}.log
	forget_old_logs
	[ -z "$WITH_MODULE" ] || module=$BUILD/$KERNEL/module
	case $KERNEL in
	uml*) from=hostfs ;;
	*) from=9p ;;
	esac
	echo "set -- $(quoted "$@")" >"$RUN/command"
	{
		echo "BUILD=$(quoted "$BUILD")" "BUILD_FROM=$from" \
			"CWD=$(quoted "$PWD")" "MODULES=$(quoted "$KMODS")" \
			"MODULE=$(quoted "$module")" \
			"DAEMON_CONF=$(quoted "$DAEMON_CONF")"
		echo "export TLSUP_KERNEL=$KERNEL"
		for name in $(compgen -e | grep -xE "$PASSED"); do
			echo "export $name=$(quoted "${!name}")"
		done
	} >"$RUN/settings"
	touch "$RUN/out" "$RUN/err" "$RUN/result"
}

# quoted WORD...: as any shell reads them back.
quoted() {
	local word words=()

	for word; do
		words+=("'${word//\'/\'\\\'\'}'")
	done
	echo "${words[*]}"
}

# The logs of the last day stay.
forget_old_logs() {
	find "$BUILD/log" -name '*.log' -mmin +1440 -delete
}

# The memory of a UML guest is a file; it is fastest in memory itself, if that
# allows it.
memory_folder() {
	local dir=/dev/shm

	findmnt -no OPTIONS -T $dir 2>/dev/null | grep -qw noexec && dir=$RUN
	[ -w $dir ] || dir=$RUN
	MEMORY=$(mktemp -d "$dir/tlsup-guest.XXXXXX") || exit 125
	at_exit 'rm -rf "$MEMORY"'
}

boot_uml() {
	[ "${CPUS:-1}" -eq 1 ] || die "$KERNEL has one processor"
	memory_folder
	spawn env TMPDIR="$MEMORY" LD_PRELOAD="$KPRELOAD" "$KIMAGE" mem="$MEM" uml_dir="$RUN/uml" \
		rootfstype=hostfs rootflags=/ ro \
		init="$TOP/selftests/guest/init" tlsup_run="$RUN" \
		con=null con0=null,fd:2 ssl=null panic=-1 \
		</dev/null >"$LOG" 2>&1
}

boot_stock() {
	local pace=(-accel "tcg,thread=multi" -smp "${CPUS:-2}")

	# Copies by words, as processors make them, not by the byte.
	[ -z "$ICOUNT" ] || pace=(-accel "tcg,thread=single" -smp 1
		-icount "shift=0,sleep=off")
	spawn qemu-system-x86_64 "${pace[@]}" \
		-cpu "max${ICOUNT:+,-erms,-fsrm}" -m "$MEM" -nodefaults -no-user-config -display none \
		-no-reboot -kernel "$KIMAGE" -initrd "$KINITRD" \
		-serial "file:$LOG" -device virtio-rng-pci \
		-virtfs "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap" \
		-virtfs "local,path=$BUILD,mount_tag=build,security_model=none,multidevs=remap" \
		-append "console=ttyS0 loglevel=7 panic=-1 oops=panic mitigations=off ${ICOUNT:+cryptomgr.notests} init=$TOP/selftests/guest/init tlsup_run=$RUN" \
		</dev/null >"$RUN/qemu" 2>&1
}

guest_boot() {
	case $KERNEL in
	uml*) boot_uml ;;
	*) boot_stock ;;
	esac
	GUEST=$SPAWNED
	BOOTED=$SECONDS
	spawn tail -n +1 -s 0.2 -f --pid="$GUEST" "$RUN/out"
	TAILS=("$SPAWNED")
	spawn tail -n +1 -s 0.2 -f --pid="$GUEST" "$RUN/err" >&2
	TAILS+=("$SPAWNED")
}

# Wait for its end, or for the end of its time.
guest_wait() {
	TIMED_OUT=
	while kill -0 "$GUEST" 2>/dev/null; do
		if [ $((SECONDS - BOOTED)) -ge "$TIMEOUT" ]; then
			TIMED_OUT=1
			kill -KILL -- "-$GUEST"
			break
		fi
		pause $((TIMEOUT - SECONDS + BOOTED)) "$GUEST"
	done
	wait "$GUEST" 2>/dev/null
	wait "${TAILS[@]}" 2>/dev/null
	kill -KILL -- "-$GUEST" 2>/dev/null
	forget "$GUEST"
}

# Say what went wrong, and leave with the right status.
guest_judge() {
	local status failed=

	status=$(sed -n 's/^status //p' "$RUN/result")
	if [ -n "$TIMED_OUT" ]; then
		say "ended after $TIMEOUT seconds (--timeout); its log ends:"
		tail -n 20 "$LOG" >&2
		daemon_log
	fi
	if sed -n 's/^fault /'"$ME: "'/p' "$RUN/result" | grep . >&2; then
		failed=1
		daemon_log
	fi
	[ ! -s "$RUN/kmemleak" ] || head -n 100 "$RUN/kmemleak" >&2
	if [ -z "$TIMED_OUT" ] && ! grep -qx 'done' "$RUN/result"; then
		say "the guest died; its log ends:"
		[ ! -s "$RUN/qemu" ] || cat "$RUN/qemu" >&2
		tail -n 40 "$LOG" >&2
		failed=1
	fi
	if klog_faults "$LOG" >"$RUN/faults"; then
		say "the kernel's log holds a report ($LOG):"
		cat "$RUN/faults" >&2
		failed=1
	fi
	[ -z "$TIMED_OUT" ] || exit 124
	[ -z "$failed" ] || exit 125
	exit "$status"
}

daemon_log() {
	[ -s "$RUN/tlsupd.log" ] || return
	say "tlsupd said:"
	tail -n 30 "$RUN/tlsupd.log" >&2
}
