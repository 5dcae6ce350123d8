/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What the engine's files share. Each group of prototypes is one file.
 */
#ifndef TLSUP_HS_INT_H
#define TLSUP_HS_INT_H

#include "crypto/cr_compress.h"
#include "crypto/cr_hash.h"
#include "crypto/cr_kex.h"
#include "lib/secret.h"
#include "lib/wire.h"
#include "tls/hs.h"
#include "tls/suite.h"

#define TLS12			0x0303
#define TLS13			0x0304
#define RANDOM_SIZE		32
#define SESSION_ID_MAX		32
#define COOKIE_MAX		4096
#define MESSAGE_HEADER_SIZE	4
#define PREMASTER_SIZE		HS_PREMASTER_SIZE
#define MASTER_SIZE		48
#define DETAIL_MAX		256
#define VERIFY_DATA_SIZE	12
#define KEY_BLOCK_MAX		(2 * (48 + 32))	/* MAC and write keys */
#define SIGNED_CONTENT_MAX	(64 + 33 + 1 + CR_HASH_MAX)

/* Early data that may be skipped: what a peer could hold a ticket for. */
#define EARLY_DATA_SKIP		65536

/* HandshakeType (RFC 9846, 4; RFC 5246, 7.4). */
enum msg_type {
	TYPE_HELLO_REQUEST = 0,
	TYPE_CLIENT_HELLO = 1,
	TYPE_SERVER_HELLO = 2,
	TYPE_NEW_SESSION_TICKET = 4,
	TYPE_ENCRYPTED_EXTENSIONS = 8,
	TYPE_CERTIFICATE = 11,
	TYPE_SERVER_KEY_EXCHANGE = 12,
	TYPE_CERTIFICATE_REQUEST = 13,
	TYPE_SERVER_HELLO_DONE = 14,
	TYPE_CERTIFICATE_VERIFY = 15,
	TYPE_CLIENT_KEY_EXCHANGE = 16,
	TYPE_FINISHED = 20,
	TYPE_CERTIFICATE_STATUS = 22,
	TYPE_COMPRESSED_CERTIFICATE = 25,
	TYPE_MESSAGE_HASH = 254,
};

/* The messages of a handshake: the rows of the action table (flight.c). */
enum msg {
	MSG_END,
	MSG_CLIENT_HELLO,
	MSG_HELLO_RETRY_REQUEST,
	MSG_SERVER_HELLO,
	MSG_ENCRYPTED_EXTENSIONS,
	MSG_CERTIFICATE_REQUEST,
	MSG_SERVER_CERTIFICATE,
	MSG_SERVER_COMPRESSED_CERTIFICATE,
	MSG_SERVER_CERTIFICATE_VERIFY,
	MSG_SERVER_FINISHED,
	MSG_CLIENT_CERTIFICATE,
	MSG_CLIENT_COMPRESSED_CERTIFICATE,
	MSG_CLIENT_CERTIFICATE_VERIFY,
	MSG_CLIENT_FINISHED,
	MSG_NEW_SESSION_TICKET,
	MSG_SERVER_HELLO_12,
	MSG_SERVER_CERTIFICATE_12,
	MSG_CERTIFICATE_STATUS,
	MSG_SERVER_KEY_EXCHANGE,
	MSG_CERTIFICATE_REQUEST_12,
	MSG_SERVER_HELLO_DONE,
	MSG_CLIENT_CERTIFICATE_12,
	MSG_CLIENT_KEY_EXCHANGE,
	MSG_CLIENT_CERTIFICATE_VERIFY_12,
	MSG_CLIENT_CHANGE_CIPHER_SPEC,
	MSG_CLIENT_FINISHED_12,
	MSG_NEW_SESSION_TICKET_12,
	MSG_SERVER_CHANGE_CIPHER_SPEC,
	MSG_SERVER_FINISHED_12,
	MSG_COUNT,
};

/* What bends the order of messages. */
enum flight_flag {
	FL_RETRY	= 1 << 0,	/* HelloRetryRequest */
	FL_REQUEST	= 1 << 1,	/* CertificateRequest */
	FL_TLS12	= 1 << 2,
	FL_KEY_EXCHANGE	= 1 << 3,	/* TLS 1.2: ServerKeyExchange */
	FL_CLIENT_VERIFY = 1 << 4,	/* the client proves its certificate */
	FL_STAPLE	= 1 << 5,	/* TLS 1.2: CertificateStatus may come */
	FL_STATUS	= 1 << 6,	/* it comes */
	FL_RESUMED	= 1 << 7,	/* no certificates: a session or a PSK stands in */
	FL_TICKET	= 1 << 8,	/* NewSessionTicket; TLS 1.3: at the server only */
	FL_COMPRESSION	= 1 << 9,	/* TLS 1.3: the peer may compress its chain */
	FL_SERVER_COMPRESSED = 1 << 10,	/* the server does */
	FL_CLIENT_COMPRESSED = 1 << 11,	/* the client does */
	FL_COUNT	= 1 << 12,
};

/**
 * struct action - what to do about one message
 * @name: the standard's own
 * @type: HandshakeType
 * @ccs: TLS 1.2: not a message but ChangeCipherSpec, at which keys change
 * @from: who sends it
 * @max: receiver: longest body, where the form has an end; 0: none of its own
 * @ask: sender: a question to be answered before it can be built, or NULL
 * @extra: sender: bytes that the body may need beside BUILD_MAX, or NULL
 * @build: sender: write the body
 * @patch: sender: fill in what depends on the whole message, or NULL
 * @parse: receiver: parse, check, commit; may ask
 * @after: both: the message is in the transcript; keys change here
 * @again: sender: whether another of the kind follows, or NULL
 */
struct action {
	const char *name;
	uint8_t type;
	bool ccs;
	enum hs_role from;
	uint32_t max;
	bool (*ask)(struct hs *hs);
	size_t (*extra)(const struct hs *hs);
	bool (*build)(struct hs *hs, struct wr *wr);
	void (*patch)(struct hs *hs, uint8_t *message, size_t len);
	bool (*parse)(struct hs *hs, struct rd *body);
	bool (*after)(struct hs *hs);
	bool (*again)(const struct hs *hs);
};

/** struct ks - the key schedule (RFC 9846, 7.1) */
struct ks {
	const struct cr_hash *hash;
	struct secret current;	/* early, then handshake, then main secret */
	struct cr_hmac hmac;	/* that secret, ready to derive others from */
	struct secret client_handshake;
	struct secret server_handshake;
	struct secret client_application;
	struct secret server_application;
	struct secret exporter;
	struct secret resumption;
};

/** struct ks12 - the keys of TLS 1.2 (RFC 5246, 6.3) */
struct ks12 {
	const struct suite *suite;
	struct secret master;
	struct cr_hmac hmac;	/* that secret, ready for the PRF */
	uint8_t block[KEY_BLOCK_MAX];
};

/**
 * struct exts - what the extensions of one message said; borrowed from it
 * @seen: bit per row of the extension table
 */
struct exts {
	uint32_t seen;
	uint16_t version;
	uint16_t group;
	struct rd versions;
	struct rd groups;
	struct rd schemes;
	struct rd shares;
	struct rd share;
	struct rd cookie;
	struct rd alpn;
	struct rd name;
	struct rd points;
	struct rd ticket;
	struct rd psk_modes;
	struct rd identities;
	struct rd binders;
	bool binders_short;	/* not as many as identities */
	uint16_t selected;
	struct rd authorities;
	struct rd cert_schemes;
	struct rd compression;
	struct rd response;	/* OCSP */
	uint16_t record_size_limit;
	bool renegotiated;
	bool ocsp;
	bool illegal;		/* well formed, but against the rules */
};

struct hs {
	enum hs_role role;
	const struct hs_config *config;
	const struct hs_ops *ops;
	void *owner;

	/* the driver's */
	unsigned int flags;
	unsigned int position;
	unsigned int known_flags;	/* for which @known was looked up */
	unsigned int known_position;
	enum msg known;
	bool running;
	bool half;		/* asked, or parsed, and to go on after the answer */
	bool asking;
	bool ended;
	bool fed;		/* a record awaits ops->next */
	enum hs_ask question;
	enum hs_epoch rx_epoch;
	enum hs_epoch tx_epoch;
	uint8_t *in;
	size_t in_len;
	size_t in_size;
	uint8_t *out;
	size_t out_len;
	size_t out_size;
	uint32_t skip;

	/* hellos */
	uint16_t version;	/* 0 until negotiated */
	uint8_t client_random[RANDOM_SIZE];
	uint8_t server_random[RANDOM_SIZE];
	uint8_t session_id[SESSION_ID_MAX];
	size_t session_id_len;
	uint16_t client_version;	/* legacy_version of the ClientHello */
	uint32_t offered;	/* its extensions, as struct exts.seen */
	uint8_t first_hello[CR_HASH_MAX];	/* a server's: what may not change of it */
	bool ccs_sent;
	uint16_t record_size_limit;	/* the peer's; 0: none */
	const struct suite *suite;
	const struct cr_kex *kex;
	uint8_t private_key[CR_KEX_PRIVATE_MAX];
	uint8_t *cookie;
	size_t cookie_len;
	uint16_t schemes[HS_LIST_MAX];
	size_t schemes_len;
	uint16_t cert_schemes[HS_LIST_MAX];
	size_t cert_schemes_len;
	uint8_t *authorities;	/* a server's: the client's certificate_authorities */
	size_t authorities_len;
	const struct cr_compression *compression;	/* of our own chain */
	char server_name[HS_NAME_MAX + 1];
	bool name_seen;
	uint8_t alpn[HS_ALPN_MAX];
	size_t alpn_len;

	/* TLS 1.2 */
	bool ems;
	bool etm;
	bool renegotiation_info;
	const struct cr_kex *dhe;
	uint64_t suites;	/* as struct choice */
	uint8_t auths;		/* kinds of key that the peer takes */
	uint32_t ecdsa_named;	/* a server's: rows of schemes that the client names */
	uint16_t ecdsa_scheme;	/* the first of them */
	uint8_t premaster[PREMASTER_SIZE];
	uint8_t *content;	/* signed, or the premaster's ciphertext */
	size_t content_len;
	struct ks12 ks12;

	/* transcript */
	bool keep;
	uint8_t *kept;
	size_t kept_len;
	struct cr_digest transcript;
	bool transcript_started;

	/* authentication */
	const struct hs_credential *credential;
	uint16_t scheme;
	uint16_t server_scheme;
	size_t signature_len;
	uint8_t *chain_data;
	struct hs_bytes chain[HS_CHAIN_MAX];
	size_t chain_len;
	uint8_t *ocsp_data;
	struct hs_bytes ocsp[HS_CHAIN_MAX];
	bool ocsp_wanted;
	size_t entry;		/* of the chain that is being written */
	bool client_authenticated;
	uint8_t randoms[2 * RANDOM_SIZE];
	uint8_t signed_content[SIGNED_CONTENT_MAX];

	/* resumption */
	const struct hs_session *session;	/* offered, then resumed */
	struct hs_session made;
	struct rd hello_suites;		/* the message is still there */
	struct rd binders;		/* so is it there */
	size_t psk_index;
	enum hs_resumption identities_by;
	struct hs_identity identities[HS_IDENTITIES_MAX];
	size_t identities_len;
	bool psk_dhe;			/* PSK modes that both sides have */
	bool psk_only;
	uint8_t *ticket;
	size_t ticket_len;
	uint32_t ticket_lifetime;
	uint32_t ticket_age_add;
	unsigned int tickets_sent;
	struct secret ticket_psk;

	struct ks ks;
	struct hs_failure failure;
	struct hs_result result;

	/* Public, and written before they are read: neither zeroed nor wiped. */
	uint8_t public_key[CR_KEX_PUBLIC_MAX];
	uint8_t peer_share[CR_KEX_PUBLIC_MAX];
	uint8_t signature[HS_SIGNATURE_MAX];
};

/* hs.c */
bool hs_fail(struct hs *hs, enum hs_alert alert, const char *reason);
bool hs_fail_error(struct hs *hs, enum hs_alert alert, int error,
		   const char *reason);
bool hs_ask_owner(struct hs *hs, const struct hs_question *question);
void hs_flush(struct hs *hs);
size_t hs_message_max(const struct hs *hs);
void hs_send_ccs(struct hs *hs);
void hs_install(struct hs *hs, enum hs_direction direction, enum hs_epoch epoch,
		const struct secret *secret);

/* detail.c */
void detail_write(const struct hs *hs, uint8_t type, struct rd body, char *out, size_t size);

/* result.c */
void result_make(struct hs *hs);

/* flight.c */
const struct action *fl_action(enum msg msg);
enum msg fl_message(unsigned int flags, unsigned int position);
bool fl_resolve(unsigned int *flags, unsigned int position, uint8_t type);

/* suite.c */
bool version_enabled(const struct hs_config *config, uint16_t version);
const struct suite *suite_next(const struct hs_config *config, size_t *at);
const struct suite *suite_enabled(const struct hs_config *config, uint16_t id);
bool group_enabled(const struct hs_config *config, uint16_t id);
uint16_t group_choice(const struct hs_config *config, size_t index);

/* scheme.c */
bool scheme_verifiable(const struct hs *hs, uint16_t scheme);
enum suite_auth scheme_auth(uint16_t scheme);
void scheme_write_list(const struct hs *hs, struct wr *wr);
void scheme_commit(struct hs *hs, struct rd list);
void scheme_commit_both(struct hs *hs, struct rd list, struct rd cert_list);
void scheme_untie_curves(struct hs *hs, struct rd groups);
bool scheme_choose(struct hs *hs, uint8_t auths);

/* trans.c */
bool trans_start(struct hs *hs);
bool trans_update(struct hs *hs, const uint8_t *message, size_t len);
bool trans_retry(struct hs *hs);
void trans_hash(const struct hs *hs, uint8_t *out);
void trans_keep(struct hs *hs);
void trans_forget(struct hs *hs);
struct hs_bytes trans_bytes(const struct hs *hs);

/* ks.c */
void ks_expand_label(const struct cr_hash *hash, const uint8_t *secret,
		     const char *label, const uint8_t *context, size_t context_len,
		     uint8_t *out, size_t len);
void ks_early(struct ks *ks, const struct cr_hash *hash, struct hs_bytes psk);
void ks_binder(const struct ks *ks, bool external, const uint8_t *transcript,
	       uint8_t *out);
void ks_ticket(const struct cr_hash *hash, const uint8_t *resumption,
	       struct hs_bytes nonce, uint8_t *psk);
void ks_handshake(struct ks *ks, const uint8_t *shared, size_t len,
		  const uint8_t *transcript);
void ks_application(struct ks *ks, const uint8_t *transcript);
void ks_resumption(struct ks *ks, const uint8_t *transcript);
void ks_finished(const struct ks *ks, const struct secret *base,
		 const uint8_t *transcript, uint8_t *out);

/* ks12.c */
void ks12_master(struct ks12 *ks, struct hs_bytes premaster,
		 const uint8_t *client_random, const uint8_t *server_random);
void ks12_extended_master(struct ks12 *ks, struct hs_bytes premaster,
			  const uint8_t *session_hash);
void ks12_resume(struct ks12 *ks, const uint8_t *master);
void ks12_expand(struct ks12 *ks, const uint8_t *client_random,
		 const uint8_t *server_random);
void ks12_keys(const struct ks12 *ks, enum hs_role writer, struct hs_keys *keys);
void ks12_finished(const struct ks12 *ks, enum hs_role sender,
		   const uint8_t *transcript, uint8_t *out);

/* ext.c */
bool ext_parse(struct hs *hs, enum msg place, struct rd *rd, struct exts *exts);
bool ext_has(const struct exts *exts, uint16_t type);
bool ext_from_peer(const struct hs *hs, uint16_t type);
bool ext_lacks(struct rd block, uint16_t type);
bool ext_commit_authorities(struct hs *hs, const struct exts *exts);
void ext_commit_auth(struct hs *hs, const struct exts *exts);
void ext_write(struct hs *hs, enum msg place, struct wr *wr);

/* hello12.c */
uint8_t hello12_auths(const struct hs *hs);
bool hello12_settle(struct hs *hs);

/* session.c */
bool session_ask(struct hs *hs);
void session_take(struct hs *hs, const struct hs_session *session, size_t index);
void session_resume_12(struct hs *hs);
void session_make_12(struct hs *hs);
void session_make_13(struct hs *hs, struct hs_bytes nonce);
void session_chain(struct hs *hs);

/* psk.c */
void psk_write_binder(struct hs *hs, uint8_t *message, size_t len);
bool psk_take(struct hs *hs, size_t index);
bool psk_accept(struct hs *hs, const struct exts *exts, const struct suite *suite);
void psk_forget_misfit(struct hs *hs);
void psk_identities(struct hs *hs, const struct exts *exts);
void psk_modes(const struct hs_config *config, const struct exts *exts, bool *dhe,
	       bool *only);

/* msg_*.c */
bool msg_client_hello_ask(struct hs *hs);
bool msg_client_hello_build(struct hs *hs, struct wr *wr);
bool msg_client_hello_parse(struct hs *hs, struct rd *body);
bool msg_server_hello_ask(struct hs *hs);
bool msg_server_hello_build(struct hs *hs, struct wr *wr);
bool msg_server_hello_parse(struct hs *hs, struct rd *body);
bool msg_server_hello_after(struct hs *hs);
bool msg_hello_retry_request_build(struct hs *hs, struct wr *wr);
bool msg_hello_retry_request_parse(struct hs *hs, struct rd *body);
bool msg_hello_retry_request_after(struct hs *hs);
bool msg_server_hello_is_retry(const uint8_t *body, size_t len);
bool msg_encrypted_extensions_build(struct hs *hs, struct wr *wr);
bool msg_encrypted_extensions_parse(struct hs *hs, struct rd *body);
bool msg_certificate_request_build(struct hs *hs, struct wr *wr);
bool msg_certificate_request_parse(struct hs *hs, struct rd *body);
bool msg_compressed_certificate_build(struct hs *hs, struct wr *wr);
size_t msg_compressed_certificate_size(const struct hs *hs);
bool msg_compressed_certificate_parse(struct hs *hs, struct rd *body);
bool msg_certificate_build(struct hs *hs, struct wr *wr);
bool msg_certificate_parse(struct hs *hs, struct rd *body);
size_t msg_certificate_size(const struct hs *hs);
size_t msg_client_hello_size(const struct hs *hs);
bool msg_certificate_verify_ask(struct hs *hs);
bool msg_certificate_verify_build(struct hs *hs, struct wr *wr);
bool msg_certificate_verify_parse(struct hs *hs, struct rd *body);
bool msg_certificate_verify_client_after(struct hs *hs);
bool msg_finished_build(struct hs *hs, struct wr *wr);
bool msg_finished_parse(struct hs *hs, struct rd *body);
bool msg_finished_server_after(struct hs *hs);
bool msg_finished_client_after(struct hs *hs);
bool msg_new_session_ticket_ask(struct hs *hs);
void msg_new_session_ticket_take(struct hs *hs, const struct hs_ticket *ticket);
size_t msg_new_session_ticket_size(const struct hs *hs);
bool msg_new_session_ticket_build(struct hs *hs, struct wr *wr);
bool msg_new_session_ticket_again(const struct hs *hs);

/* msg_*.c, TLS 1.2 */
bool msg_server_hello_12_build(struct hs *hs, struct wr *wr);
bool msg_server_hello_12_parse(struct hs *hs, struct rd *body);
bool msg_server_hello_is_12(const uint8_t *body, size_t len);
bool msg_certificate_12_build(struct hs *hs, struct wr *wr);
bool msg_certificate_12_parse(struct hs *hs, struct rd *body);
size_t msg_certificate_status_size(const struct hs *hs);
bool msg_certificate_status_build(struct hs *hs, struct wr *wr);
bool msg_certificate_status_parse(struct hs *hs, struct rd *body);
bool msg_server_key_exchange_ask(struct hs *hs);
bool msg_server_key_exchange_build(struct hs *hs, struct wr *wr);
bool msg_server_key_exchange_parse(struct hs *hs, struct rd *body);
size_t msg_certificate_request_size(const struct hs *hs);
bool msg_certificate_request_12_build(struct hs *hs, struct wr *wr);
bool msg_certificate_request_12_parse(struct hs *hs, struct rd *body);
bool msg_server_hello_done_build(struct hs *hs, struct wr *wr);
bool msg_server_hello_done_parse(struct hs *hs, struct rd *body);
bool msg_client_key_exchange_ask(struct hs *hs);
bool msg_client_key_exchange_build(struct hs *hs, struct wr *wr);
bool msg_client_key_exchange_parse(struct hs *hs, struct rd *body);
bool msg_client_key_exchange_after(struct hs *hs);
void hs_keep_share(struct hs *hs, struct rd share);
void msg_client_key_exchange_decrypted(struct hs *hs, const uint8_t *premaster);
bool msg_certificate_verify_12_ask(struct hs *hs);
bool msg_certificate_verify_12_parse(struct hs *hs, struct rd *body);
bool msg_new_session_ticket_12_ask(struct hs *hs);
bool msg_new_session_ticket_12_build(struct hs *hs, struct wr *wr);
bool msg_new_session_ticket_12_parse(struct hs *hs, struct rd *body);
bool msg_finished_12_build(struct hs *hs, struct wr *wr);
bool msg_finished_12_parse(struct hs *hs, struct rd *body);

#endif /* TLSUP_HS_INT_H */
