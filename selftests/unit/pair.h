/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Two engines in memory, and between them what stands for the kernel: records
 * by epoch, delivered one at a time to a side that waits for one.
 */
#ifndef TLSUP_PAIR_H
#define TLSUP_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/secret.h"
#include "tls/hs.h"

#define PAIR_RECORD_MAX		40000
#define PAIR_SIGNATURE_SIZE	32
#define PAIR_RSA_SIZE		256
#define PAIR_KEYS_MAX		128

extern const struct hs_credential pair_credential;
extern const struct hs_credential pair_rsa_credential;
extern const struct hs_credential pair_any_credential;	/* suits every suite */

/** struct record - a record on its way */
struct record {
	struct record *next;
	enum hs_epoch epoch;
	enum hs_content type;
	size_t len;
	uint8_t data[PAIR_RECORD_MAX];
};

/** struct pair_keys - keys of TLS 1.2: key, iv and MAC key in a row */
struct pair_keys {
	size_t len;
	size_t key_len;
	size_t mac_len;
	bool etm;
	uint8_t data[PAIR_KEYS_MAX];
};

/** struct side - one engine and what its owner has been told */
struct side {
	struct pair *pair;
	enum hs_role role;
	struct hs *hs;
	struct hs_config config;
	enum hs_epoch tx_epoch;
	enum hs_epoch rx_epoch;
	struct record *head;
	struct record **tail;
	bool waiting;
	bool asked;
	struct hs_question question;
	int nexts;
	int fails;
	int dones;
	uint32_t skip;
	uint16_t version;
	struct hs_failure failure;
	struct secret secrets[2][3];
	struct pair_keys keys[2];
	bool pending;		/* RX keys wait for ChangeCipherSpec */
	int bad_ccs;		/* it came when they did not */
	bool client_authenticated;
	uint8_t randoms[64];
	struct secret exporter;
	struct secret resumption;
	enum hs_resumption resumed;
	uint16_t suite;
	uint16_t group;
	uint16_t scheme;
	uint8_t auths;
	size_t authorities_len;
	size_t ocsp_len;
	size_t ocsp_len_2;	/* of the second certificate */
	uint16_t cert_schemes[HS_LIST_MAX];
	size_t cert_schemes_len;
	enum hs_role chain_of;
	uint16_t record_size_limit;
	uint16_t own_record_size_limit;
	char alpn[HS_ALPN_MAX + 1];
	char name[HS_NAME_MAX + 1];
	size_t chain_len;
};

/**
 * struct pair - both sides
 * @fragment: most bytes of handshake content in a record; 0: as they come
 * @tamper: may change a record on its way; false: it is lost. May be NULL
 * @context: for @tamper and @trace
 * @trace: told of each message, sent or received. May be NULL
 * @detail: told of each message that is received. May be NULL
 * @later: questions are answered after the call that asks them
 * @refuse: neither owner accepts a chain
 * @refuse_client: the server's owner does not accept the client's chain
 * @no_credential: the server's owner has none
 * @credential: the server's; NULL: pair_credential
 * @client_credential: the client's; NULL: none
 * @bad_premaster: what is decrypted is random
 * @decrypted: told of each premaster secret before the server is. May be NULL
 * @keylog: told of each secret. May be NULL
 * @find: answers HS_ASK_SESSION; NULL: there is none
 * @ticket: answers HS_ASK_TICKET; NULL: there is none
 * @keep: told of a session of TLS 1.2. May be NULL
 */
struct pair {
	struct side client;
	struct side server;
	size_t fragment;
	bool (*tamper)(void *context, const struct side *from, struct record *record);
	void *context;
	void (*trace)(struct side *side, bool sent, const char *message);
	void (*detail)(struct side *side, const char *message, const char *detail);
	bool later;
	bool refuse;
	bool refuse_client;
	bool no_credential;
	const struct hs_credential *credential;
	const struct hs_credential *client_credential;
	bool bad_premaster;
	void (*decrypted)(struct side *side, uint8_t *premaster);
	void (*keylog)(struct side *side, const char *label, const uint8_t *random,
		       const uint8_t *secret, size_t len);
	const struct hs_session *(*find)(struct side *side, const struct hs_question *question,
					 size_t *index);
	void (*ticket)(struct side *side, const struct hs_question *question,
		       struct hs_ticket *ticket);
	void (*keep)(struct side *side, const struct hs_session *session);
};

void pair_init(struct pair *pair);
void pair_run(struct pair *pair);
void pair_wipe(struct pair *pair);
bool pair_agrees(const struct pair *pair);
void pair_sign(struct hs_bytes content, uint8_t *out);
void pair_encrypt(struct hs_bytes premaster, uint8_t *text);
void pair_decrypt(struct hs_bytes text, uint8_t *premaster);

/* A server alone, or a client alone, fed by hand. */
void pair_feed(struct side *side, enum hs_epoch epoch, const uint8_t *data, size_t len);
struct record *pair_take(struct side *side);

#endif /* TLSUP_PAIR_H */
