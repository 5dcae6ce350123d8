/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The handshake engine's public face.
 *
 * The engine takes in the content of handshake records and gives out, through
 * struct hs_ops, handshake bytes to send, traffic secrets, questions, and in
 * the end one result or one failure. It does no I/O, knows no clock, no
 * certificate and no private key. What takes long is a question: the engine
 * asks, and goes on when hs_answer_*() is called; meanwhile no other record
 * may be fed.
 *
 * TLS 1.3 goes through the epochs plaintext, handshake, application. TLS 1.2 has
 * no handshake epoch: its keys belong to the epoch application and act with the
 * ChangeCipherSpec of their direction. RX keys of TLS 1.2 are pending: the owner
 * keeps them until the peer's ChangeCipherSpec comes, which it swallows, and
 * refuses one that comes with no keys pending.
 *
 * After each call of hs_start(), hs_record() or hs_answer_*() exactly one of
 * these has been called last: ops->next, ops->ask, ops->done or ops->fail.
 */
#ifndef TLSUP_HS_H
#define TLSUP_HS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HS_ALPN_MAX		255
#define HS_NAME_MAX		255
#define HS_SECRET_MAX		48
#define HS_LIST_MAX		16	/* at least as many as there are schemes */
#define HS_CHAIN_MAX		16
#define HS_SIGNATURE_MAX	1024
#define HS_PREMASTER_SIZE	48
#define HS_IDENTITIES_MAX	4
#define HS_TICKETS_MAX		8
#define HS_RECORD_SIZE_MIN	64
#define HS_RECORD_SIZE_MAX	16385
#define HS_MESSAGE_MAX_CLIENT	32768
#define HS_MESSAGE_MAX_SERVER	16384

enum hs_role { HS_CLIENT = 1, HS_SERVER = 2 };
enum hs_direction { HS_TX, HS_RX };
enum hs_epoch { HS_EPOCH_PLAINTEXT, HS_EPOCH_HANDSHAKE, HS_EPOCH_APPLICATION };
enum hs_content { HS_CONTENT_CCS = 20, HS_CONTENT_ALERT = 21, HS_CONTENT_HANDSHAKE = 22 };

enum hs_alert {
	HS_ALERT_UNEXPECTED_MESSAGE = 10, HS_ALERT_HANDSHAKE_FAILURE = 40,
	HS_ALERT_BAD_CERTIFICATE = 42, HS_ALERT_UNSUPPORTED_CERTIFICATE = 43,
	HS_ALERT_CERTIFICATE_REVOKED = 44, HS_ALERT_CERTIFICATE_EXPIRED = 45,
	HS_ALERT_CERTIFICATE_UNKNOWN = 46, HS_ALERT_ILLEGAL_PARAMETER = 47,
	HS_ALERT_UNKNOWN_CA = 48, HS_ALERT_ACCESS_DENIED = 49,
	HS_ALERT_DECODE_ERROR = 50, HS_ALERT_DECRYPT_ERROR = 51,
	HS_ALERT_PROTOCOL_VERSION = 70, HS_ALERT_INSUFFICIENT_SECURITY = 71,
	HS_ALERT_INTERNAL_ERROR = 80, HS_ALERT_INAPPROPRIATE_FALLBACK = 86,
	HS_ALERT_MISSING_EXTENSION = 109,
	HS_ALERT_UNSUPPORTED_EXTENSION = 110, HS_ALERT_UNRECOGNIZED_NAME = 112,
	HS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE = 113,
	HS_ALERT_CERTIFICATE_REQUIRED = 116, HS_ALERT_NO_APPLICATION_PROTOCOL = 120,
};

/** struct hs_bytes - borrowed bytes */
struct hs_bytes {
	const uint8_t *data;
	size_t len;
};

/**
 * struct hs_credential - a certificate chain and what its key can sign
 * @chain: DER, leaf first
 * @chain_len: certificates in @chain
 * @schemes: SignatureSchemes that the key can make, best first
 * @schemes_len: how many
 * @ocsp: OCSP responses to be stapled, @chain_len of them, empty where there is
 *	none; NULL: none at all
 * @decrypts: an RSA key that may decrypt a premaster secret, too
 * @key: for whoever answers HS_ASK_SIGN and HS_ASK_DECRYPT; the engine does not
 *	look inside
 */
struct hs_credential {
	const struct hs_bytes *chain;
	size_t chain_len;
	const uint16_t *schemes;
	size_t schemes_len;
	const struct hs_bytes *ocsp;
	bool decrypts;
	const void *key;
};

/* Whether a server asks the client for a certificate. */
enum hs_client_auth {
	HS_CLIENT_AUTH_NONE,
	HS_CLIENT_AUTH_REQUEST,		/* but goes on without one */
	HS_CLIENT_AUTH_REQUIRE,
};

/* How a session is resumed; also what its name is. */
enum hs_resumption {
	HS_RESUMED_NOT,
	HS_RESUMED_ID,			/* TLS 1.2, by session_id */
	HS_RESUMED_TICKET,		/* TLS 1.2, by ticket (RFC 5077) */
	HS_RESUMED_PSK,			/* TLS 1.3 */
	HS_EXTERNAL_PSK,		/* TLS 1.3; not a session, but a key agreed on */
};

/**
 * struct hs_session - what both sides keep in order to resume
 * @by: what @name is
 * @version: 0x0303 or 0x0304
 * @suite: TLS 1.3: stands for its hash
 * @ems: TLS 1.2: the master secret is an extended one
 * @client_authenticated: the client has proven a certificate
 * @name: client: session_id, ticket or PSK identity
 * @age: client, TLS 1.3: obfuscated_ticket_age
 * @lifetime: client: seconds that the server gives it; 0: it does not say
 * @secret: master secret or PSK
 * @alpn: the application protocol; empty: none
 * @server_name: server: the client's SNI
 * @chain: the peer's, leaf first
 * @chain_len: certificates in @chain
 */
struct hs_session {
	enum hs_resumption by;
	uint16_t version;
	uint16_t suite;
	bool ems;
	bool client_authenticated;
	struct hs_bytes name;
	uint32_t age;
	uint32_t lifetime;
	struct hs_bytes secret;
	struct hs_bytes alpn;
	struct hs_bytes server_name;
	const struct hs_bytes *chain;
	size_t chain_len;
};

/**
 * struct hs_identity - what a client names a session by
 * @name: session_id, ticket or PSK identity
 * @age: TLS 1.3: obfuscated_ticket_age
 */
struct hs_identity {
	struct hs_bytes name;
	uint32_t age;
};

/**
 * struct hs_config - what may be negotiated; outlives the engine
 * @min_version: 0x0303 or 0x0304; 0: as 0x0304
 * @max_version: 0x0303 or 0x0304; 0: as 0x0304
 * @ems_required: TLS 1.2: fail without extended_master_secret (RFC 7627)
 * @etm_required: TLS 1.2: no suite with a MAC but with encrypt_then_mac (RFC 7366)
 * @aead_only: TLS 1.2: no suite with a MAC at all
 * @client_auth: server: whether a certificate is asked for
 * @message_max: longest message that is taken; 0: HS_MESSAGE_MAX_SERVER for a
 *	server that asks for no certificate, else HS_MESSAGE_MAX_CLIENT
 * @suites: cipher suites, IANA numbers, best first; empty: all that are known
 * @suites_len: how many
 * @groups: named groups, best first; empty: all that are known. A client
 *	sends a key share for the first
 * @groups_len: how many
 * @schemes: SignatureSchemes that are taken, in certificates as well; empty:
 *	all that are known
 * @schemes_len: how many
 * @ocsp: ask for OCSP responses; a server of TLS 1.2 cannot
 * @compression: TLS 1.3: certificate compression (RFC 8879), IANA numbers, best
 *	first; empty: none
 * @compression_len: how many
 * @cookie: server: a HelloRetryRequest brings a cookie, which has to come back
 * @record_size_limit: largest protected record that is taken, from
 *	HS_RECORD_SIZE_MIN (RFC 8449); 0: the extension is not used
 * @authorities: server: distinguished names as in certificate_authorities,
 *	without the outer length; empty: none are named
 * @alpn: RFC 7301 wire list without its outer length; empty: none
 * @server_name: client: DNS name for SNI; NULL or an IP address: none is sent
 * @sessions: HS_ASK_SESSION is asked, tickets are asked for
 * @session_ticket: TLS 1.2: tickets (RFC 5077); else session IDs only
 * @tickets: server: tickets of TLS 1.3, at most HS_TICKETS_MAX
 * @psk_ke: TLS 1.3: a PSK alone will do, without forward secrecy
 *
 * Credentials come by HS_ASK_CREDENTIAL.
 */
struct hs_config {
	uint16_t min_version;
	uint16_t max_version;
	bool ems_required;
	bool etm_required;
	bool aead_only;
	enum hs_client_auth client_auth;
	uint32_t message_max;
	const uint16_t *suites;
	size_t suites_len;
	const uint16_t *groups;
	size_t groups_len;
	const uint16_t *schemes;
	size_t schemes_len;
	bool ocsp;
	const uint16_t *compression;
	size_t compression_len;
	bool cookie;
	uint16_t record_size_limit;
	struct hs_bytes authorities;
	struct hs_bytes alpn;
	const char *server_name;
	bool sessions;
	bool session_ticket;
	unsigned int tickets;
	bool psk_ke;
};

enum hs_ask {
	HS_ASK_CREDENTIAL,	/* server: which credential for this name? Client:
				 * which for this server, if any? */
	HS_ASK_SIGN,		/* sign @content with @credential by @scheme */
	HS_ASK_VERIFY,		/* is the chain good, for the name asked for, and
				 * @signature by its leaf over @content? Without a
				 * signature: the chain alone, for RSA key exchange */
	HS_ASK_ENCRYPT,		/* encrypt @content to the RSA key of the leaf, by
				 * RSAES-PKCS1-v1_5 */
	HS_ASK_DECRYPT,		/* decrypt @content with @credential, likewise */
	HS_ASK_SESSION,		/* server: is one of @identities a session of ours?
				 * Client: is there one for this server? */
	HS_ASK_TICKET,		/* server: a name for @session, to be told to the client */
};

/* Kinds of key that will do, where TLS 1.2 cares. */
enum hs_auth {
	HS_AUTH_RSA = 1 << 0,		/* an RSA key that signs */
	HS_AUTH_ECDSA = 1 << 1,		/* an ECDSA or EdDSA key */
	HS_AUTH_RSA_DECRYPT = 1 << 2,	/* an RSA key that decrypts */
};

/**
 * struct hs_question - a question; its pointers live until it is answered
 * @ask: which
 * @version: 0x0303 or 0x0304. An ECDSA scheme of TLS 1.2 names no curve
 * @server_name: HS_ASK_CREDENTIAL: the client's SNI or "". HS_ASK_VERIFY: a
 *	client's own
 * @schemes: HS_ASK_CREDENTIAL: signature_algorithms of the peer
 * @schemes_len: how many
 * @cert_schemes: HS_ASK_CREDENTIAL: signature_algorithms_cert of the peer, or
 *	what stands for it
 * @cert_schemes_len: how many
 * @auths: HS_ASK_CREDENTIAL: of &enum hs_auth; 0: all
 * @authorities: HS_ASK_CREDENTIAL: certificate_authorities of the peer, without
 *	the outer length; empty: any
 * @credential: HS_ASK_SIGN, HS_ASK_DECRYPT
 * @scheme: HS_ASK_SIGN, HS_ASK_VERIFY: SignatureScheme; 0: there is no signature
 * @content: bytes signed or to be signed; the premaster secret, or its ciphertext
 * @signature: HS_ASK_VERIFY
 * @chain: HS_ASK_VERIFY, HS_ASK_ENCRYPT: DER, leaf first
 * @chain_len: certificates in @chain
 * @chain_of: HS_ASK_VERIFY: whose chain it is
 * @ocsp: HS_ASK_VERIFY: stapled OCSP responses, @chain_len of them, empty where
 *	none came
 * @by: HS_ASK_SESSION, server: what the identities are
 * @identities: HS_ASK_SESSION, server: best first
 * @identities_len: how many
 * @session: HS_ASK_TICKET
 */
struct hs_question {
	enum hs_ask ask;
	uint16_t version;
	const char *server_name;
	const uint16_t *schemes;
	size_t schemes_len;
	const uint16_t *cert_schemes;
	size_t cert_schemes_len;
	uint8_t auths;
	struct hs_bytes authorities;
	const struct hs_credential *credential;
	uint16_t scheme;
	struct hs_bytes content;
	struct hs_bytes signature;
	const struct hs_bytes *chain;
	size_t chain_len;
	enum hs_role chain_of;
	const struct hs_bytes *ocsp;
	enum hs_resumption by;
	const struct hs_identity *identities;
	size_t identities_len;
	const struct hs_session *session;
};

/**
 * struct hs_ticket - an answer to HS_ASK_TICKET
 * @name: the ticket; copied. Empty: there will be none
 * @lifetime: seconds, at most 604800
 * @age_add: TLS 1.3: ticket_age_add
 */
struct hs_ticket {
	struct hs_bytes name;
	uint32_t lifetime;
	uint32_t age_add;
};

/**
 * struct hs_failure - why a handshake failed
 * @alert: &enum hs_alert, to send
 * @error: positive errno for the application
 * @reason: one sentence; lives as long as the engine
 */
struct hs_failure {
	uint8_t alert;
	int error;
	const char *reason;
};

/**
 * struct hs_result - what was negotiated; pointers live until hs_destroy()
 * @group: 0: RSA key exchange
 * @signature_scheme: of the server's signature; 0: it made none
 * @client_authenticated: the client has proven a certificate
 * @exporter_secret: TLS 1.3: the exporter secret. TLS 1.2: the master secret, if
 *	it is an extended one; else empty: there are no exporters
 * @resumption_secret: TLS 1.3
 * @randoms: TLS 1.2: client's, then server's, for exporters
 * @record_size_limit: that the peer has set; 0: none
 * @own_record_size_limit: that we have set, and the peer knows; 0: none
 * @resumed: how, if it was
 * @session: TLS 1.2: what may be resumed from now on; NULL: nothing new, or, at a
 *	server, it went into a ticket
 */
struct hs_result {
	uint16_t version;
	uint16_t suite;
	uint16_t group;
	uint16_t signature_scheme;
	bool client_authenticated;
	struct hs_bytes alpn;
	const char *server_name;
	const struct hs_bytes *chain;	/* the peer's, leaf first */
	size_t chain_len;
	struct hs_bytes exporter_secret;
	struct hs_bytes resumption_secret;
	struct hs_bytes randoms;
	uint16_t record_size_limit;
	uint16_t own_record_size_limit;
	enum hs_resumption resumed;
	const struct hs_session *session;
};

/**
 * struct hs_keys - the keys of an epoch; borrowed during the call
 * @direction: whose
 * @epoch: from here on; RX keys of TLS 1.2: from ChangeCipherSpec on
 * @version: 0x0303 or 0x0304
 * @suite: IANA number
 * @secret: TLS 1.3: the traffic secret
 * @key: TLS 1.2: write key
 * @iv: TLS 1.2: fixed part of the nonce; empty: the cipher has none
 * @mac: TLS 1.2: MAC key; empty: AEAD
 * @etm: TLS 1.2: encrypt, then MAC (RFC 7366)
 */
struct hs_keys {
	enum hs_direction direction;
	enum hs_epoch epoch;
	uint16_t version;
	uint16_t suite;
	struct hs_bytes secret;
	struct hs_bytes key;
	struct hs_bytes iv;
	struct hs_bytes mac;
	bool etm;
};

/**
 * struct hs_next - how the next record is to be taken
 * @skip: bytes of rejected early data that may be dropped (RFC 9846, 4.2.10)
 * @version: 0x0303 or 0x0304; 0: not negotiated yet
 */
struct hs_next {
	uint32_t skip;
	uint16_t version;
};

struct hs;

/**
 * struct hs_ops - what the engine needs from its owner
 * @send: bytes of one content type, to be framed in the TX epoch in force, and
 *	not in one record with those of another call; change_cipher_spec is
 *	never protected
 * @keys: TX keys act from here on; RX keys from the next record on, in TLS 1.2
 *	from the peer's ChangeCipherSpec on
 * @next: the record is taken, feed the next
 * @ask: a question; may be answered within the call or any time later
 * @done: success; @result lives until hs_destroy()
 * @fail: failure; nothing else follows
 * @trace: name of a message, sent or received, and the fields by which one
 *	follows a handshake, or ""; never a secret. May be NULL
 * @keylog: SSLKEYLOGFILE label, client_random and secret. NULL: no key log
 */
struct hs_ops {
	void (*send)(void *owner, enum hs_content type, const uint8_t *data, size_t len);
	void (*keys)(void *owner, const struct hs_keys *keys);
	void (*next)(void *owner, const struct hs_next *next);
	void (*ask)(void *owner, const struct hs_question *question);
	void (*done)(void *owner, const struct hs_result *result);
	void (*fail)(void *owner, const struct hs_failure *failure);
	void (*trace)(void *owner, bool sent, const char *message, const char *detail);
	void (*keylog)(void *owner, const char *label, const uint8_t *client_random,
		       const uint8_t *secret, size_t len);
};

struct hs *hs_create(enum hs_role role, const struct hs_config *config,
		     const struct hs_ops *ops, void *owner);
void hs_destroy(struct hs *hs);
void hs_start(struct hs *hs);
void hs_record(struct hs *hs, enum hs_epoch epoch, enum hs_content type,
	       const uint8_t *data, size_t len);
void hs_answer_credential(struct hs *hs, const struct hs_credential *credential);
void hs_answer_sign(struct hs *hs, const uint8_t *signature, size_t len);
void hs_answer_verify(struct hs *hs, const struct hs_failure *failure);
void hs_answer_encrypt(struct hs *hs, const uint8_t *ciphertext, size_t len);
void hs_answer_decrypt(struct hs *hs, const uint8_t *premaster);
void hs_answer_session(struct hs *hs, const struct hs_session *session, size_t index);
void hs_answer_ticket(struct hs *hs, const struct hs_ticket *ticket);
const char *hs_section(const struct hs *hs);
const char *hs_suite_name(uint16_t suite);
uint16_t hs_suite_at(size_t index);
const char *hs_scheme_name(uint16_t scheme);
uint16_t hs_scheme_at(size_t index);

#endif /* TLSUP_HS_H */
