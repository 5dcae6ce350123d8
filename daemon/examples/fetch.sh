#!/bin/sh
# SPDX-License-Identifier: 0BSD
#
# fetch.sh HOST PORT PATH: fetch a page with nothing but socat.
# Options at a level and of a name, by number: TCP_ULP (6, 31), and at SOL_TLSUP
# (0x5455 = 21589) TLSUP_SERVER_NAME (3) and TLSUP_HANDSHAKE (1) as client (1).
# They are set once it is connected.
host=$1 port=$2 path=$3

printf 'GET %s HTTP/1.0\r\nHost: %s\r\n\r\n' "$path" "$host" |
	socat -t 10 - "TCP:$host:$port,setsockopt-string=6:31:tlsup,setsockopt-string=21589:3:$host,setsockopt-int=21589:1:1"
