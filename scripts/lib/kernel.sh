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

readonly KERNELS='uml uml-debug stock-6.12 stock-6.1'

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

fragments() {
	echo "$TOP/selftests/guest/uml.config"
	[ "$1" != uml-debug ] || echo "$TOP/selftests/guest/uml-debug.config"
}

# The configuration, from the smallest one and our fragments; every line of
# these must have come through, of lines with the same option the last.
uml_configure() {
	local dir=$1 line status=0

	shift
	make -s -C "$KSRC" O="$dir" ARCH=um tinyconfig &&
		(cd "$KSRC" && scripts/kconfig/merge_config.sh -m -Q -O "$dir" \
			"$dir/.config" "$@") &&
		make -s -C "$KSRC" O="$dir" ARCH=um olddefconfig || return
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

uml_build() {
	local dir=$1

	shift
	mkdir -p "$dir"
	uml_configure "$dir" "$@" || return
	make -C "$dir" ARCH=um -j"$(nproc)" linux modules &&
		make -C "$dir" ARCH=um INSTALL_MOD_PATH="$dir/installed" \
			INSTALL_MOD_STRIP=1 modules_install || return
	# What only a second build would want; modules are built without it.
	find "$dir" -path "$dir/scripts" -prune -o \
		\( -name '*.o' -o -name '*.a' -o -name '*.cmd' \) -exec rm -f {} +
	touch "$dir/complete"
}

uml_ready() {
	local name=$1 key config

	source_ready
	mapfile -t config < <(fragments "$name")
	key=$( (cat "$KSRC/.tlsup-version" "${config[@]}"; gcc -dumpfullversion) |
		sha256sum | cut -c 1-12)
	KDIR=$CACHE/$name-$key
	KARGS=(ARCH=um)
	KIMAGE=$KDIR/linux
	if [ ! -e "$KDIR/complete" ]; then
		take_lock "$name"
		[ -e "$KDIR/complete" ] ||
			step "building the kernel $name (once)" \
				"$CACHE/$name.log" uml_build \
				"$KDIR" "${config[@]}" || exit 125
		drop_lock
	fi
	KREL=$(cat "$KDIR/include/config/kernel.release")
	KMODS=$KDIR/installed/lib/modules/$KREL
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

# What the kernel needs to see the host's files.
readonly STOCK_MODULES='virtio_pci 9pnet_virtio 9p overlay'

# make_initrd DIR RELEASE FILE: a busybox that mounts the host's root and goes
# there. Modules and what they need come in the order of loading.
make_initrd() {
	local work=$3.dir name file

	rm -rf "$work"
	mkdir -p "$work"/{bin,dev,proc,root,lib} || return
	cp /bin/busybox "$work/bin/" || return
	cp "$TOP/selftests/guest/initrd-init" "$work/init" || return
	for name in $STOCK_MODULES; do
		/sbin/modprobe -d "$1" -S "$2" --show-depends "$name" || return
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$work/lib/files" || return
	while read -r file; do
		name=${file##*/}
		name=${name%%.ko*}
		case $file in
		*.xz) xz -dc "$file" >"$work/lib/$name.ko" ;;
		*) cp "$file" "$work/lib/$name.ko" ;;
		esac || return
		echo "/lib/$name.ko" >>"$work/lib/order"
	done <"$work/lib/files"
	(cd "$work" && find . | cpio -o -H newc -R 0:0) >"$3" || return
	rm -rf "$work"
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
	KINITRD=$dir/initrd-$(cat "$TOP/selftests/guest/initrd-init" \
		"$TOP/scripts/lib/kernel.sh" | sha256sum | cut -c 1-12)
	[ ! -e "$KINITRD" ] || return 0
	take_lock "$1"
	if [ ! -e "$KINITRD" ]; then
		depmod -b "${KMODS%/lib/modules/*}" "$KREL" || exit 125
		rm -f "$dir"/initrd-*
		make_initrd "${KMODS%/lib/modules/*}" "$KREL" "$KINITRD.new" >"$CACHE/initrd.log" 2>&1 ||
			die "the initrd: $(tail -n 3 "$CACHE/initrd.log")"
		mv "$KINITRD.new" "$KINITRD"
	fi
	drop_lock
}

kernel_ready() {
	case $1 in
	uml*) uml_ready "$1" ;;
	*) stock_ready "$1" ;;
	esac
}
