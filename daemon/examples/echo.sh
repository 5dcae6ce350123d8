#!/bin/sh
# SPDX-License-Identifier: 0BSD
#
# echo.sh PORT: send back what comes, to any number of clients. TCP_ULP (6, 31)
# and TLSUP_HANDSHAKE (21589, 1) as server (2) are set on the socket that was
# accepted, in a process of its own.
exec socat "TCP-LISTEN:$1,fork,reuseaddr,setsockopt-string=6:31:tlsup,setsockopt-int=21589:1:2" EXEC:cat
