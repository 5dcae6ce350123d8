/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What is said to the signer and what it answers: datagrams of a header and
 * bytes, on sockets that keep their bounds (SOCK_SEQPACKET) and their order.
 */
#ifndef TLSUP_SIGNER_INT_H
#define TLSUP_SIGNER_INT_H

#include <stddef.h>
#include <stdint.h>

/* A transcript of TLS 1.2 may be signed as it is. */
#define SIGNER_BYTES_MAX	(128 * 1024)

enum signer_op {
	/* Of the main process, each answered in turn. */
	SIGNER_OP_LOAD,		/* name and credential, a NUL behind each */
	SIGNER_OP_SEAL,		/* uid and gid; from here on no files */
	SIGNER_OP_CONNECT,	/* with a socket for a worker */
	/* Of a worker. */
	SIGNER_OP_SIGN,
	SIGNER_OP_DECRYPT,	/* the answer is sealed */
};

/** struct signer_header - before the bytes of a question or an answer */
struct signer_header {
	uint32_t op;
	uint32_t key;		/* LOAD: the answer's */
	uint32_t scheme;
	uint32_t failed;	/* an answer's; the bytes are a sentence */
};

int signer_send(int fd, const struct signer_header *header, const void *data,
		size_t len, int passed);
ptrdiff_t signer_receive(int fd, struct signer_header *header, void *data, size_t size,
			 int *passed);
_Noreturn void signer_serve(int fd, const struct cr_aead_key *seal_key);

#endif /* TLSUP_SIGNER_INT_H */
