# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
# shellcheck shell=bash disable=SC2086
#
# The module, built for one kernel in build/KERNEL/module from a copy of the
# sources: kernels never mix, and the source folders stay clean.

# From the top; split into words where it is used.
SOURCES='Kbuild kernel include selftests/vectors'

# module_build NAME [WORD...]: after kernel_ready NAME; WORDs go to make.
# Leaves tlsup.ko (and tlsup-kunit.ko) in build/NAME/module.
module_build() {
	local dir=$BUILD/$1/module status

	mkdir -p "$dir"
	shift
	(cd "$TOP" && rsync -aR --delete --include='*/' --include='*.[ch]' \
		--include=Kbuild --exclude='*' $SOURCES "$dir/") || return
	# What make says names the copies: name the sources.
	make -C "$KDIR" "${KARGS[@]}" M="$dir" W=1 -j"$(nproc)" "$@" modules \
		2>&1 | sed -e "s,$dir/,,g"
	status=${PIPESTATUS[0]}
	return "$status"
}

# module_ready NAME: build it if a source is newer; warnings are shown.
module_ready() {
	local name=$1 dir=$BUILD/$1/module log=$BUILD/log/module-$1.log lock

	[ -e "$TOP/kernel/main.c" ] || die "there is no module yet: use --no-module"
	mkdir -p "$BUILD/log" "$dir"
	exec {lock}>"$BUILD/$name/lock"
	flock "$lock"
	if [ "$(cat "$dir/built-for" 2>/dev/null)" != "$KDIR" ]; then
		rm -rf "$dir"
		mkdir "$dir"
	fi
	if module_stale "$dir"; then
		# Its time is that of the beginning: what is written to during
		# the build is newer.
		echo "$KDIR" >"$dir/building-for"
		step "building the module for $name" "$log" \
			module_build "$name" || exit 125
		mv "$dir/building-for" "$dir/built-for"
		grep -A 8 'warning:' "$log" >&2
	fi
	exec {lock}>&-
}

module_stale() {
	[ ! -e "$1/built-for" ] ||
		[ -n "$(cd "$TOP" && find $SOURCES -newer "$1/built-for" \
			-print -quit)" ]
}
