#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
#
# certs.sh DIR: make certificates for tests into DIR. What is there already and
# good for another hour is kept: a second call costs nothing.
#
#	ca.pem			the authority that the tests trust
#	p256 p384 rsa ed25519	leaves for localhost, 127.0.0.1, ::1 and
#				www.example.org
#	othername		a leaf for other.example.org only
#	expired			a leaf that was valid until yesterday
#	untrusted		a leaf of an authority that nobody trusts
#
# Each leaf has NAME.pem and NAME.key (mode 0600).
set -eu

NAMES='DNS:localhost,DNS:www.example.org,IP:127.0.0.1,IP:::1'

die() {
	echo "certs.sh: $*" >&2
	exit 1
}

# authority NAME
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-subj "/CN=tlsup test authority $1" -days 30 \
		-addext keyUsage=critical,keyCertSign,cRLSign \
		-keyout "$1.key" -out "$1.pem" 2>>openssl.log ||
		die "authority $1: see $DIR/openssl.log"
}

# leaf NAME AUTHORITY SUBJECT_ALT_NAME ALGORITHM [OPTION...]
#
# "openssl ca" and not "openssl x509": it can date a certificate back.
leaf() {
	name=$1 ca=$2 san=$3 algorithm=$4
	shift 4
	openssl genpkey -algorithm "$algorithm" "$@" -out "$name.key" \
		2>>openssl.log || die "key $name: see $DIR/openssl.log"
	start=$(date -u -d '3 days ago' +%y%m%d%H%M%SZ)
	end=$(date -u -d '30 days' +%y%m%d%H%M%SZ)
	[ "$name" != expired ] || end=$(date -u -d yesterday +%y%m%d%H%M%SZ)
	printf '%s\n' '[ca]' 'default_ca = d' '[d]' 'database = index.txt' \
		'policy = p' 'new_certs_dir = .' 'rand_serial = yes' \
		'default_md = sha256' 'unique_subject = no' \
		'[p]' 'commonName = supplied' \
		'[e]' "subjectAltName = $san" \
		'basicConstraints = critical,CA:FALSE' \
		'keyUsage = critical,digitalSignature,keyEncipherment' \
		'extendedKeyUsage = serverAuth,clientAuth' >ca.conf
	: >index.txt
	openssl req -new -key "$name.key" -subj "/CN=tlsup test $name" \
		-out "$name.csr" 2>>openssl.log ||
		die "request $name: see $DIR/openssl.log"
	openssl ca -batch -notext -config ca.conf -extensions e \
		-cert "$ca.pem" -keyfile "$ca.key" -in "$name.csr" \
		-startdate "$start" -enddate "$end" \
		-out "$name.pem" 2>>openssl.log ||
		die "certificate $name: see $DIR/openssl.log"
}

fresh() {
	[ -f stamp ] && [ stamp -nt "$SELF" ] &&
		openssl x509 -in p256.pem -noout -checkend 3600 >/dev/null 2>&1
}

[ $# -eq 1 ] || die "usage: certs.sh DIR"
SELF=$(readlink -f "$0")
mkdir -p "$1"
cd "$1"
DIR=$PWD
umask 077
if fresh; then
	exit 0
fi

rm -f stamp openssl.log
authority ca
authority other-ca
leaf p256 ca "$NAMES" EC -pkeyopt ec_paramgen_curve:P-256
leaf p384 ca "$NAMES" EC -pkeyopt ec_paramgen_curve:P-384
leaf rsa ca "$NAMES" RSA -pkeyopt rsa_keygen_bits:2048
leaf ed25519 ca "$NAMES" ED25519
leaf othername ca DNS:other.example.org EC -pkeyopt ec_paramgen_curve:P-256
leaf expired ca "$NAMES" EC -pkeyopt ec_paramgen_curve:P-256
leaf untrusted other-ca "$NAMES" EC -pkeyopt ec_paramgen_curve:P-256
rm -f ./*.csr ./index.txt* ca.conf
find . -maxdepth 1 -name '[0-9A-F]*.pem' -delete
touch stamp
