# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
# shellcheck shell=bash
#
# Checks of house rules. Each prints where a rule is broken and what to write
# instead; nothing if all is well.

# forbid WORDS PATTERN <FILES: no line of the files named on standard input may
# match.
forbid() {
	xargs -r -d '\n' grep -HnE -- "$2" | sed "s~\$~  <- $1~"
}

# All text files of the tree, also those not yet under version control, but for
# what others wrote: the licence, vectors of the standards, seeds.
text_files() {
	git ls-files -co --exclude-standard |
		grep -v -e '^COPYING$' -e '/vectors/.*\.\(txt\|bin\|der\)$' -e '/seeds/' |
	while read -r file; do
		[ ! -f "$file" ] || ! grep -Iq . "$file" || echo "$file"
	done
}

c_files() {
	local dir

	for dir; do
		[ ! -d "$dir" ] || find "$dir" -name '*.[ch]' | sort
	done
}

lint_spdx() {
	# Debian's own formats have no room for it; copyright is one of them.
	text_files | grep -v '^scripts/debian/' | while read -r file; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: ' ||
			echo "$file: no SPDX line among the first three"
	done
}

lint_whitespace() {
	text_files | forbid 'ends in a blank' '[[:blank:]]+$'
	text_files | while read -r file; do
		[ -z "$(tail -c 1 "$file")" ] || echo "$file: no new line at its end"
	done
}

# The walls: 80 lines a function (tables apart), 800 lines a file.
lint_walls() {
	c_files kernel daemon include selftests | grep -v /genl |
	while read -r file; do
		awk -v file="$file" '
			/^\{/ { start = NR }
			/^\}$/ && start {
				if (NR - start - 1 > 80)
					print file ":" start ": function of " \
						NR - start - 1 " lines; 80 is the wall"
				start = 0
			}
			END { if (NR > 800) print file ": " NR " lines; 800 is the wall" }
		' "$file"
	done
}

lint_leftovers() {
	# This file names the words.
	text_files | grep -v '^scripts/lib/lint-rules.sh$' |
		forbid 'finish it, or say in README what is missing' \
			'(^|[^.X])\b(TODO|FIXME|XXX|HACK)\b'
	text_files | forbid 'debris of a merge' '^(<<<<<<<|>>>>>>>) '
	c_files kernel daemon include selftests |
		forbid 'a comment is /* so */' '(^|[[:blank:]])//' |
		grep -v ':1:// SPDX-License-Identifier'
	c_files kernel daemon include selftests |
		forbid 'code that does not run goes' '^#if 0'
}

# Every symbol that the module shows to the rest of the kernel is named after
# it; in-tree net/tls owns "tls_". The rest is what the kernel's macros make.
lint_kernel_names() {
	local object=$BUILD/lint/uml/module/tlsup.o

	[ -e "$object" ] || lint_module_uml >/dev/null
	nm -g --defined-only "$object" | awk '
		$3 !~ /^_*tlsup_/ && $3 !~ /^(init_module|cleanup_module)$/ &&
		$3 !~ /^__(UNIQUE_ID|mod_|kstr|ksym|SCK__|SCT__|tracepoint_|traceiter_|probestub_|bpf_trace)/ {
			print $3 ": a name that others see begins with tlsup_"
		}'
}

# A newcomer finds every file on the map of its half.
lint_maps() {
	local half file name

	for half in kernel daemon; do
		(cd "$half" && find . -name '*.c' -printf '%P\n' | sort) |
		while read -r file; do
			while read -r name; do
				# shellcheck disable=SC2254  # patterns are meant
				case $file in
				$name | "${name%/}"/*) continue 2 ;;
				esac
			done < <(grep -o '`[^` ]*`' "$half/README.md" | tr -d '`')
			echo "$half/$file: say in $half/README.md what it is for"
		done
	done
}

lint_kernel_words() {
	c_files kernel | forbid 'crypto_memneq()' \
		'\bmemcmp\(.*(key|secret|tag|mac|digest|iv)\b'
	c_files kernel | forbid 'memzero_explicit()' \
		'\bmemset\(.*(key|secret|iv|nonce)\b.*\b0\b'
	c_files kernel | forbid 'kfree_sensitive()' '\bkfree\(.*(key|secret)'
	c_files kernel | forbid 'strscpy(), snprintf()' \
		'\b(strcpy|strcat|strncpy|strlcpy|sprintf)\('
	c_files kernel | forbid 'a tracepoint, or ratelimited' \
		'\b(printk|pr_(err|warn|info|notice))\('
	c_files kernel | grep -v '/compat\.h$' |
		forbid 'decide by version in compat.h only' \
			'LINUX_VERSION_CODE|KERNEL_VERSION'
	ls kernel/record.[ch] | forbid 'record.c is pure: no sock, no skb' \
		'#include <(net/|linux/(skbuff|net|socket|tcp))'
}

# Every key of the configuration is in its manual page.
lint_config_keys() {
	sed -n 's/^\tCFG_[A-Z_]*("\([a-z_]*\)".*/\1/p' daemon/config/config_file.c |
	while read -r key; do
		grep -qE "(^\.BR |[\" ]|, )$key\\\\?[\" ,]" daemon/man/tlsupd.conf.5 ||
			echo "daemon/man/tlsupd.conf.5: the key $key is not told of"
	done
}

lint_daemon_words() {
	c_files daemon | forbid 'secret_equal()' \
		'\bmemcmp\(.*(key|secret|tag|mac|verify_data|binder|finished|digest)'
	c_files daemon | grep -v '/lib/secret\.c$' | forbid 'secret_wipe()' \
		'\b(memset|bzero|explicit_bzero)\(.*(key|secret)'
	c_files daemon | grep -v '/lib/secret\.c$' |
		forbid 'secret_free()' '\bfree\(.*secret'
	c_files daemon | forbid 'snprintf(), or a copy that checks' \
		'\b(strcpy|strcat|strncpy|sprintf|vsprintf|gets|alloca)\('
	c_files daemon | forbid 'cr_rand()' '\b(rand|random|srand|drand48)\('
}

# includes_only WORDS PATTERN <FILES: all that these files may include.
includes_only() {
	xargs -r -d '\n' grep -HnE '^#include' | grep -vE ":#include ($2)" |
		sed "s~\$~  <- $1~"
}

# included_by WORDS PATTERN FILES: these headers are the secret of a few files.
included_by() {
	c_files daemon | grep -vE "^daemon/($3)\$" | forbid "$1" "^#include ($2)"
}

# The picture in the README is that of the tables.
lint_orders() {
	scripts/orders --check
}

lint_include_direction() {
	local plain='<(assert|errno|limits|std(arg|bool|def|int|lib)|string)\.h>'

	c_files daemon/tls | includes_only \
		'tls/ knows tls/, crypto/, lib/ and plain C only' \
		"$plain|\"(tls|crypto|lib)/"
	c_files daemon/crypto | includes_only \
		'crypto/ knows nettle, zlib, lib/ and plain C only' \
		"$plain|<sys/random\.h>|<(nettle/|gmp|zlib)|\"(crypto|lib)/"
	c_files daemon/lib | includes_only 'lib/ depends on nothing' \
		"$plain|<stdio\.h>|<sys/(random|mman|resource)\.h>|\"lib/"
	included_by 'only x509 and signer know GnuTLS' '<gnutls/' \
		'(x509|signer)/.*|ctl/(certificate|test)\.c'
	included_by 'only kern knows libnl' '<netlink/' 'kern/.*'
	included_by 'only config knows libconfuse' '<confuse' 'config/config_(file\.c|int\.h)'
	# What programs get is no part of tlsupd: they know the socket's face.
	included_by "only kern knows the kernel's interface" '<linux/tlsup' \
		'(kern|preload|libtlsup|examples|ctl)/.*'
	c_files daemon | grep -E '/(kern|store|config)[a-z_]*\.[ch]$' |
		forbid 'kern, store and config do not know tls/' '^#include "tls/'
}

# Every test that the table of mistakes names is there. Names are words; in the
# sources they have underscores, or are put together from parts.
lint_pitfalls() {
	grep -v '^#' selftests/pitfalls.txt | while IFS='|' read -r what cve test; do
		read -r file words <<<"$test"
		[ -n "$words" ] || echo "pitfalls.txt: no test for: $what($cve)"
		tr '_\n' '  ' <"selftests/$file" 2>/dev/null | tr -s ' "' ' ' |
			grep -qiF -- "${words//_/ }" ||
			echo "pitfalls.txt: $file has no test: $words"
	done
}
