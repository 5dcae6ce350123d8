# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
# shellcheck shell=bash
#
# Reading a guest's kernel log for what must never stand there.

KLOG_FAULTS='WARNING:|BUG:|kernel BUG at|Oops|[Gg]eneral protection'
KLOG_FAULTS+='|Kernel panic|[Uu]nable to handle|KASAN:|KCSAN:|KFENCE:|UBSAN:'
KLOG_FAULTS+='|ODEBUG:|DEBUG_LOCKS_WARN_ON|possible (circular|recursive|irq lock)'
KLOG_FAULTS+='|inconsistent lock|suspicious RCU|bad unlock balance|held lock freed'
KLOG_FAULTS+='|invalid wait context|non-static key|scheduling while atomic'
KLOG_FAULTS+='|refcount_t:|list_(add|del) corruption'
KLOG_FAULTS+='|rcu: INFO:|self-detected stall'
KLOG_FAULTS+='|blocked for more than|soft lockup|hard LOCKUP|Out of memory'
KLOG_FAULTS+='|unregister_netdevice: waiting|refcnt_tracker|ref_tracker'
KLOG_FAULTS+='|segfault at|page allocation failure|Bad page|nobody cared'

# Leaks of memory are listed and judged by the guest itself (look_for_leaks()).

# Noise of the kernels themselves, each with its reason. Nothing of ours.
KLOG_NOISE=(
	# The emulated processor has no hardware defence; an administrator's
	# matter, and no report about code that ran.
	'(Spectre V2|RETBleed|Speculative Return Stack Overflow|MDS|TAA|MMIO).*: WARNING: '
)

# klog_faults FILE: print every report in the log; true if there is one. Of the
# races of data that KCSAN finds, those in which the module has a part: the
# kernel has many of its own.
klog_faults() {
	local noise

	noise=$(IFS='|'; echo "${KLOG_NOISE[*]}")
	# A log ends its lines as a terminal does.
	tr -d '\r' <"$1" | awk -v fault="$KLOG_FAULTS" -v noise="$noise" '
		/BUG: KCSAN: / { race = $0; ours = 0; next }
		race != "" {
			race = race "\n" $0
			ours = ours || /\[tlsup\]/
			if (/=====/) {
				if (ours) { print race; found = 1 }
				race = ""
			}
			next
		}
		$0 ~ noise { next }
		$0 ~ fault { left = 30; found = 1 }
		left > 0 { print; left-- }
		END { exit !found }'
}
