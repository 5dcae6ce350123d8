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
#	p521 ed448 rsapss	as the first; rsapss has a key of that kind
#	expired			a leaf that was valid until yesterday
#	notyet			a leaf that is valid from tomorrow
#	untrusted		a leaf of an authority that nobody trusts
#	wildcard		a leaf for *.example.net
#	exact exact-rsa		leaves for a.example.net
#	short			a leaf with an RSA key of 1024 bits
#	clientonly		a leaf that may not be a server's
#	signonly		a leaf whose RSA key may not decrypt
#	chained			a leaf of an intermediate authority, which is in the file
#	revoked			a leaf that ca.crl.pem lists as revoked
#	muststaple		a leaf that demands OCSP (RFC 7633)
#	misled			revoked, with an authority behind it that only goes by
#				the name of ca, and says by OCSP that it is good
#	client client-rsa	leaves without names
#	other-client		one that untrusted's authority has issued
#
# Each leaf has NAME.pem and NAME.key (mode 0600). p256 rsa revoked muststaple have
# NAME.ocsp, an OCSP response of today, good for a week.
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

# configure AUTHORITY EXTENSIONS: for openssl ca
configure() {
	printf '%s\n' '[ca]' 'default_ca = d' '[d]' "database = $1.index" \
		'policy = p' 'new_certs_dir = .' 'rand_serial = yes' \
		'default_md = sha256' 'unique_subject = no' 'default_crl_days = 30' \
		'[p]' 'commonName = supplied' '[e]' "$2" >ca.conf
	[ -f "$1.index" ] || : >"$1.index"
}

# issue NAME AUTHORITY EXTENSIONS START END
#
# "openssl ca" and not "openssl x509": it can date a certificate back.
issue() {
	configure "$2" "$3"
	openssl req -new -key "$1.key" -subj "/CN=tlsup test $1" \
		-out "$1.csr" 2>>openssl.log ||
		die "request $1: see $DIR/openssl.log"
	openssl ca -batch -notext -config ca.conf -extensions e \
		-cert "$2.pem" -keyfile "$2.key" -in "$1.csr" \
		-startdate "$(date -u -d "$4" +%y%m%d%H%M%SZ)" \
		-enddate "$(date -u -d "$5" +%y%m%d%H%M%SZ)" \
		-out "$1.pem" 2>>openssl.log ||
		die "certificate $1: see $DIR/openssl.log"
}

# leaf NAME AUTHORITY SUBJECT_ALT_NAME ALGORITHM [OPTION...]
#
# USAGE, PURPOSE, START, END and MORE change what is usual.
leaf() {
	name=$1 ca=$2 san=$3 algorithm=$4
	shift 4
	openssl genpkey -algorithm "$algorithm" "$@" -out "$name.key" \
		2>>openssl.log || die "key $name: see $DIR/openssl.log"
	issue "$name" "$ca" "${san:+subjectAltName = $san
}basicConstraints = critical,CA:FALSE
keyUsage = critical,${USAGE:-digitalSignature,keyEncipherment}
extendedKeyUsage = ${PURPOSE:-serverAuth,clientAuth}
${MORE:-}" "${START:-3 days ago}" "${END:-30 days}"
}

# An authority below ca.
intermediate() {
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" \
		2>>openssl.log || die "key $1: see $DIR/openssl.log"
	issue "$1" ca 'basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign' '3 days ago' '30 days'
}

# impostor NAME AUTHORITY: another key, under an authority's name and key identifier
impostor() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-subj "/CN=tlsup test authority $2" -days 30 \
		-addext keyUsage=critical,keyCertSign,cRLSign \
		-addext authorityKeyIdentifier=none \
		-addext "subjectKeyIdentifier=$(openssl x509 -in "$2.pem" -noout \
			-ext subjectKeyIdentifier | sed -n '2s/[ :]//gp')" \
		-keyout "$1.key" -out "$1.pem" 2>>openssl.log ||
		die "authority $1: see $DIR/openssl.log"
}

# misled: what an impostor says of a leaf that ca has revoked
misled() {
	impostor impostor ca
	cat revoked.pem impostor.pem >misled.pem
	cp revoked.key misled.key
	openssl ocsp -issuer ca.pem -cert revoked.pem -no_nonce -reqout misled.req \
		2>>openssl.log || die "request for misled: see $DIR/openssl.log"
	openssl ocsp -index before.index -CA ca.pem -rsigner impostor.pem \
		-rkey impostor.key -reqin misled.req -respout misled.ocsp -ndays 7 \
		>>openssl.log 2>&1 || die "response for misled: see $DIR/openssl.log"
}

# revocations: what ca says of its leaves
revocations() {
	configure ca ''
	openssl ca -config ca.conf -cert ca.pem -keyfile ca.key -revoke revoked.pem \
		2>>openssl.log || die "revocation: see $DIR/openssl.log"
	openssl ca -config ca.conf -cert ca.pem -keyfile ca.key -gencrl \
		-out ca.crl.pem 2>>openssl.log || die "list: see $DIR/openssl.log"
	openssl ca -config ca.conf -cert ca.pem -keyfile ca.key -gencrl \
		-crl_lastupdate "$(date -u -d '9 days ago' +%y%m%d%H%M%SZ)" \
		-crl_nextupdate "$(date -u -d '2 days ago' +%y%m%d%H%M%SZ)" \
		-out old.crl.pem 2>>openssl.log || die "list: see $DIR/openssl.log"
}

# response NAME [OPTION...]: what ca says of one leaf, by OCSP
response() {
	name=$1
	shift
	openssl ocsp -issuer ca.pem -cert "$name.pem" -no_nonce -reqout "$name.req" \
		2>>openssl.log || die "request for $name: see $DIR/openssl.log"
	openssl ocsp -index ca.index -CA ca.pem -rsigner ca.pem -rkey ca.key \
		-reqin "$name.req" -respout "$name.ocsp" "$@" >>openssl.log 2>&1 ||
		die "response for $name: see $DIR/openssl.log"
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
leaf p521 ca "$NAMES" EC -pkeyopt ec_paramgen_curve:P-521
leaf rsa ca "$NAMES" RSA -pkeyopt rsa_keygen_bits:2048
leaf rsapss ca "$NAMES" RSA-PSS -pkeyopt rsa_keygen_bits:2048
leaf ed25519 ca "$NAMES" ED25519
leaf ed448 ca "$NAMES" ED448
leaf othername ca DNS:other.example.org EC -pkeyopt ec_paramgen_curve:P-256
END=yesterday leaf expired ca "$NAMES" EC -pkeyopt ec_paramgen_curve:P-256
START=tomorrow leaf notyet ca "$NAMES" EC -pkeyopt ec_paramgen_curve:P-256
leaf untrusted other-ca "$NAMES" EC -pkeyopt ec_paramgen_curve:P-256
leaf wildcard ca 'DNS:*.example.net' EC -pkeyopt ec_paramgen_curve:P-256
leaf exact ca DNS:a.example.net EC -pkeyopt ec_paramgen_curve:P-256
leaf exact-rsa ca DNS:a.example.net RSA -pkeyopt rsa_keygen_bits:2048
leaf short ca "$NAMES" RSA -pkeyopt rsa_keygen_bits:1024
PURPOSE=clientAuth leaf clientonly ca "$NAMES" EC -pkeyopt ec_paramgen_curve:P-256
USAGE=digitalSignature leaf signonly ca "$NAMES" RSA -pkeyopt rsa_keygen_bits:2048
leaf revoked ca "$NAMES" EC -pkeyopt ec_paramgen_curve:P-256
MORE='tlsfeature = status_request' \
	leaf muststaple ca "$NAMES" EC -pkeyopt ec_paramgen_curve:P-256
leaf client ca '' EC -pkeyopt ec_paramgen_curve:P-256
leaf client-rsa ca '' RSA -pkeyopt rsa_keygen_bits:2048
leaf other-client other-ca '' EC -pkeyopt ec_paramgen_curve:P-256
intermediate middle
leaf chained middle "$NAMES" EC -pkeyopt ec_paramgen_curve:P-256
cat middle.pem >>chained.pem
cp ca.index before.index
revocations
misled
for name in p256 rsa revoked muststaple; do
	response "$name" -ndays 7
done
rm -f ./*.csr ./*.req ./*.index* ca.conf
find . -maxdepth 1 -name '[0-9A-F]*.pem' -delete
touch stamp
