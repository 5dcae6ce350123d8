# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
# shellcheck shell=bash disable=SC2034
#
# Guest kernels: built or unpacked once into the cache, keyed by the version of
# the source and by the configuration. kernel_ready NAME leaves in
#
#	KDIR	where external modules for it are built against
#	KARGS	what "make" needs to know to do so
#	KIMAGE	the file to boot
#	KMODS	its own modules, a modules directory as under /lib/modules
#	KREL	its release
#	KPRELOAD	uml: what goes between it and the host's C library

readonly KERNELS='uml uml-debug stock-6.12 stock-6.1 smp-debug smp-kcsan'
# Those that "make check" runs.
readonly CHECK_KERNELS='uml uml-debug stock-6.12 stock-6.1'

kernel_known() {
	case " $KERNELS " in
	*" $1 "*) ;;
	*) die "no kernel \"$1\"; there are: $KERNELS" ;;
	esac
}

need_package() {
	dpkg-query -W -f '${Version}' "$1" 2>/dev/null ||
		die "the package $1 is missing: run scripts/setup"
}

# Debian's source of the kernel, unpacked; every kernel and tool comes from it.
source_ready() {
	local version

	version=$(need_package linux-source-6.12) || exit
	[ "$(cat "$KSRC/.tlsup-version" 2>/dev/null)" != "$version" ] || return 0
	take_lock linux-source
	if [ "$(cat "$KSRC/.tlsup-version" 2>/dev/null)" != "$version" ]; then
		rm -rf "$KSRC" "$KSRC.new"
		mkdir -p "$KSRC.new"
		step "unpacking linux-source-6.12" "$CACHE/unpack.log" \
			tar -xJf /usr/src/linux-source-6.12.tar.xz \
			-C "$KSRC.new" --strip-components=1 || exit 125
		echo "$version" >"$KSRC.new/.tlsup-version"
		mv "$KSRC.new" "$KSRC"
	fi
	drop_lock
}

# fragments NAME: what is merged over the smallest configuration, in order.
fragments() {
	local dir=$TOP/selftests/guest net=$CACHE/net.config

	case $1 in
	uml) echo "$dir/uml.config" ;;
	uml-debug) printf '%s\n' "$dir/uml.config" "$dir/uml-debug.config" ;;
	smp-*)
		# A kernel for qemu has what UML's has, but not UML's devices.
		grep -vE '^CONFIG_(STDERR_CONSOLE|NULL_CHAN|HOSTFS|UML_RANDOM)=' \
			"$dir/uml.config" >"$net.$$" && mv "$net.$$" "$net"
		printf '%s\n' "$net" "$dir/smp.config" "$dir/$1.config" ;;
	esac
}

# built_configure DIR FRAGMENT...: from the smallest configuration and our
# fragments; every line of these must have come through, of lines with the same
# option the last.
built_configure() {
	local dir=$1 line status=0

	shift
	make -s -C "$KSRC" O="$dir" "${KARGS[@]}" tinyconfig &&
		(cd "$KSRC" && scripts/kconfig/merge_config.sh -m -Q -O "$dir" \
			"$dir/.config" "$@") &&
		make -s -C "$KSRC" O="$dir" "${KARGS[@]}" olddefconfig || return
	while read -r line; do
		case $line in
		*=n) ! grep -q "^${line%n}" "$dir/.config" ;;
		*) grep -qx "$line" "$dir/.config" ;;
		esac && continue
		echo "the configuration lost $line"
		status=1
	done < <(awk -F = '/^CONFIG_/ { last[$1] = $0 }
			   END { for (i in last) print last[i] }' "$@")
	return $status
}

# built_kernel DIR IMAGE FRAGMENT...: IMAGE is make's name for what boots.
built_kernel() {
	local dir=$1 image=$2

	shift 2
	mkdir -p "$dir"
	built_configure "$dir" "$@" || return
	make -C "$dir" "${KARGS[@]}" -j"$(nproc)" "$image" modules &&
		make -C "$dir" "${KARGS[@]}" INSTALL_MOD_PATH="$dir/installed" \
			INSTALL_MOD_STRIP=1 modules_install || return
	# What only a second build would want; modules are built without it.
	find "$dir" -path "$dir/scripts" -prune -o -path "$dir/tools" -prune -o \
		\( -name '*.o' -o -name '*.a' -o -name '*.cmd' \) -exec rm -f {} +
	rm -f "$dir/vmlinux.unstripped" "$dir/arch/x86/boot/compressed/vmlinux"
	touch "$dir/complete"
}

# built_ready NAME IMAGE: a kernel built from Debian's source, once.
built_ready() {
	local name=$1 image=$2 key config

	source_ready
	mapfile -t config < <(fragments "$name")
	key=$( (cat "$KSRC/.tlsup-version" "${config[@]}"; gcc -dumpfullversion) |
		sha256sum | cut -c 1-12)
	KDIR=$CACHE/$name-$key
	if [ ! -e "$KDIR/complete" ]; then
		take_lock "$name"
		[ -e "$KDIR/complete" ] ||
			step "building the kernel $name (once)" \
				"$CACHE/$name.log" built_kernel \
				"$KDIR" "$image" "${config[@]}" || exit 125
		drop_lock
	fi
	KREL=$(cat "$KDIR/include/config/kernel.release")
	KMODS=$KDIR/installed/lib/modules/$KREL
}

uml_ready() {
	KARGS=(ARCH=um)
	built_ready "$1" linux
	KIMAGE=$KDIR/linux
	preload_ready
}

# Of every tree its own: they may be at work at the same time.
preload_ready() {
	local from=$TOP/selftests/guest/xstate.c

	KPRELOAD=$BUILD/xstate.so
	[ "$from" -nt "$KPRELOAD" ] || return 0
	mkdir -p "$BUILD"
	gcc -O2 -Wall -Wextra -Werror -shared -fPIC -o "$KPRELOAD.$$" "$from" &&
		mv "$KPRELOAD.$$" "$KPRELOAD" || exit 125
}

smp_ready() {
	KARGS=(ARCH=x86_64)
	built_ready "$1" bzImage
	KIMAGE=$KDIR/arch/x86/boot/bzImage
	# All that it needs is built in.
	initrd_ready "$1" "$KDIR"
}

# stock_release NAME: of Debian's own kernels. Of 6.12, which is also the newest
# that Debian 12 has, the one that the source package has too, so that one
# source explains them all; 6.1 is Debian 12's default: what its headers' package
# without a version stands for.
stock_release() {
	local version release

	case $1 in
	stock-6.12)
		version=$(need_package linux-source-6.12) || exit
		release=${version%%-*}+deb12-amd64 ;;
	stock-6.1)
		need_package linux-headers-amd64 >/dev/null || exit
		release=$(dpkg-query -W -f '${Depends}' linux-headers-amd64 |
			sed -n 's/^linux-headers-\([^ ,]*\).*/\1/p') ;;
	esac
	[ "${release#"${1#stock-}".}" != "$release" ] ||
		die "Debian's $1 is now $release"
	echo "$release"
}

# What a stock kernel needs to see the host's files.
readonly STOCK_MODULES='virtio_pci 9pnet_virtio 9p overlay'

# make_initrd FILE ROOT RELEASE MODULE...: a busybox that mounts the host's root
# and goes there. Modules and what they need come in the order of loading.
make_initrd() {
	local image=$1 work=$1.dir root=$2 release=$3 name file

	shift 3
	rm -rf "$work"
	mkdir -p "$work"/{bin,dev,proc,root,lib} || return
	cp /bin/busybox "$work/bin/" || return
	cp "$TOP/selftests/guest/initrd-init" "$work/init" || return
	for name; do
		/sbin/modprobe -d "$root" -S "$release" --show-depends "$name" ||
			return
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' \
		>"$work/lib/files" || return
	touch "$work/lib/order"
	while read -r file; do
		name=${file##*/}
		name=${name%%.ko*}
		case $file in
		*.xz) xz -dc "$file" >"$work/lib/$name.ko" ;;
		*) cp "$file" "$work/lib/$name.ko" ;;
		esac || return
		echo "/lib/$name.ko" >>"$work/lib/order"
	done <"$work/lib/files"
	(cd "$work" && find . | cpio -o -H newc -R 0:0) >"$image" || return
	rm -rf "$work"
}

# initrd_ready NAME DIR MODULE...: in DIR, for KREL and KMODS; leaves KINITRD.
initrd_ready() {
	local name=$1 dir=$2 root=${KMODS%/lib/modules/*}

	shift 2
	KINITRD=$dir/initrd-$(cat "$TOP/selftests/guest/initrd-init" \
		"$TOP/scripts/lib/kernel.sh" | sha256sum | cut -c 1-12)
	[ ! -e "$KINITRD" ] || return 0
	take_lock "$name"
	if [ ! -e "$KINITRD" ]; then
		depmod -b "$root" "$KREL" || exit 125
		find "$dir" -maxdepth 1 -name 'initrd-*' -mtime +1 -delete
		make_initrd "$KINITRD.new" "$root" "$KREL" "$@" \
			>"$CACHE/initrd.log" 2>&1 ||
			die "the initrd: $(tail -n 3 "$CACHE/initrd.log")"
		mv "$KINITRD.new" "$KINITRD"
	fi
	drop_lock
}

stock_ready() {
	local dir

	source_ready
	KREL=$(stock_release "$1") || exit
	need_package "linux-headers-$KREL" >/dev/null || exit
	dir=$CACHE/linux-image-$KREL
	[ -e "$dir/complete" ] || die "$dir is missing: run scripts/setup"
	KDIR=/usr/src/linux-headers-$KREL
	KARGS=()
	KIMAGE=$dir/boot/vmlinuz-$KREL
	KMODS=$dir/lib/modules/$KREL
	[ -d "$KMODS" ] || KMODS=$dir/usr/lib/modules/$KREL
	# shellcheck disable=SC2086  # a list of words
	initrd_ready "$1" "$dir" $STOCK_MODULES
}

kernel_ready() {
	case $1 in
	uml*) uml_ready "$1" ;;
	smp*) smp_ready "$1" ;;
	*) stock_ready "$1" ;;
	esac
}
