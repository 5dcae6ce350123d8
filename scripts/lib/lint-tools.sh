# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
# shellcheck shell=bash
#
# Checks that a tool does. Each prints what it finds, and nothing if all is
# well; a tool that fails without a word is made to say so.

# What checkpatch wants and this module cannot give, each with its reason.
CHECKPATCH_IGNORE=(
	# A module outside the tree follows more than one version; all of that
	# is in compat.h (see lint_kernel_words).
	LINUX_VERSION_CODE
	CONSTANT_COMPARISON
	# Tables of counters are lists that a macro walks: one table per fact.
	COMPLEX_MACRO
	MACRO_ARG_REUSE
	# The function copied at run time from the socket's own proto_ops.
	CONST_STRUCT
)

lint_checkpatch() {
	local list files status=0

	list=$(IFS=,; echo "${CHECKPATCH_IGNORE[*]}")
	mapfile -t files < <(find kernel include -name '*.[ch]' ! -name trace.h |
		sort)
	perl "$KSRC/scripts/checkpatch.pl" --no-tree --strict --terse \
		--no-summary --ignore "$list" -f "${files[@]}" 2>&1 || status=1
	# TRACE_EVENT() is laid out as a structure: so the kernel's own are.
	perl "$KSRC/scripts/checkpatch.pl" --no-tree --strict --terse \
		--no-summary --ignore "$list,PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE" \
		-f kernel/trace.h 2>&1 || status=1
	return $status
}

lint_kernel_doc() {
	perl "$KSRC/scripts/kernel-doc" -none -Wall kernel/*.c \
		include/uapi/linux/tlsup.h 2>&1
}

# module_clean KERNEL: built from nothing, with gcc's and sparse's warnings.
# What either says about the kernel's own headers is not ours.
module_clean() {
	local log=$BUILD/lint/$1.log status

	rm -rf "$BUILD/lint/$1"
	(BUILD=$BUILD/lint module_build "$1" C=2) >"$log" 2>&1
	status=$?
	grep -E -A 3 '(warning|error):|^WARNING|modpost:' "$log" |
		grep -v -e '^WARNING: modpost: missing MODULE_DESCRIPTION'
	[ $status -eq 0 ] || tail -n 20 "$log"
}

lint_module_uml() {
	uml_ready uml >&2
	module_clean uml
}

lint_module_stock() {
	stock_ready stock-6.12 >&2
	module_clean stock-6.12
}

lint_module_default() {
	stock_ready stock-6.1 >&2
	module_clean stock-6.1
}

lint_analyzer() {
	[ -e daemon/Makefile ] || return
	make -s -k -C daemon -j"$(nproc)" BUILD="$BUILD/lint/analyzer" \
		CFLAGS='-O2 -fanalyzer -fanalyzer-verbosity=0 -fdiagnostics-plain-output' 2>&1
}

scripts_of_ours() {
	git ls-files -co --exclude-standard | while read -r file; do
		[ -f "$file" ] || continue
		case $file in
		*.sh) echo "$file" ;;
		*) head -n 1 "$file" 2>/dev/null | tr -d '\0' |
			grep -qE '^#!.*[/ ](ba|busybox )?sh$' && echo "$file" ;;
		esac
	done
}

lint_shellcheck() {
	# SC1007, SC2015, SC2086 and their like are matters of taste: severity
	# "warning" leaves them out.
	scripts_of_ours | xargs shellcheck -x -P scripts -P SCRIPTDIR \
		-S warning -f gcc
}

lint_genl() {
	scripts/genl --check 2>&1
}

# Every page of the manual, as man(1) shows it.
lint_man() {
	local page

	for page in daemon/man/*.[1-8]; do
		LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 \
			-Z "$page" 2>&1 >/dev/null | sed "s~^~$page: ~"
	done
}
