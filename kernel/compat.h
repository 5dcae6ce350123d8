/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What differs between the kernels that the module builds for. The only place
 * that looks at LINUX_VERSION_CODE.
 */
#ifndef _TLSUP_COMPAT_H
#define _TLSUP_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#error "tlsup builds for Linux 6.12"
#endif

#include <net/inet_sock.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define tlsup_connect_deferred(sk)	(inet_sk(sk)->defer_connect)
#else
#define tlsup_connect_deferred(sk)	inet_test_bit(DEFER_CONNECT, sk)
#endif

#endif /* _TLSUP_COMPAT_H */
