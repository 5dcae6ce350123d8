// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What "tlsup-raw" has that "tlsup" has not: the face of in-tree kTLS. The
 * application brings the keys (SOL_TLS), sees every content type, and sends
 * and answers alerts and KeyUpdates itself. Until a direction has keys it is
 * plain TCP.
 */
#include "tlsup.h"

#include <linux/slab.h>
#include <linux/tls.h>

#include "trace.h"

union crypto_info {
	struct tls_crypto_info info;
	struct tls12_crypto_info_aes_gcm_128 aes_gcm_128;
	struct tls12_crypto_info_aes_gcm_256 aes_gcm_256;
	struct tls12_crypto_info_aes_ccm_128 aes_ccm_128;
	struct tls12_crypto_info_chacha20_poly1305 chacha20_poly1305;
	struct tls12_crypto_info_sm4_gcm sm4_gcm;
	struct tls12_crypto_info_sm4_ccm sm4_ccm;
	struct tls12_crypto_info_aria_gcm_128 aria_gcm_128;
	struct tls12_crypto_info_aria_gcm_256 aria_gcm_256;
};

/**
 * struct tlsup_raw - the state of "tlsup-raw"; socket lock
 * @tx: what TLS_TX set, for getsockopt; wiped
 * @rx: what TLS_RX set
 * @tx_zerocopy: TLS_TX_ZEROCOPY_RO
 * @no_pad: TLS_RX_EXPECT_NO_PAD
 * @update_pending: a KeyUpdate has come: nothing is opened before TLS_RX
 * @dead: the stream cannot be parsed any further
 * @error: positive errno of a record that could not be opened; stays
 */
struct tlsup_raw {
	union crypto_info tx;
	union crypto_info rx;
	bool tx_zerocopy;
	bool no_pad;
	bool update_pending;
	bool dead;
	int error;
};

/* Where a cipher's parts stand in its structure, which is of this size. */
struct layout {
	u16 cipher;
	u8 size;
	u8 iv, iv_size;
	u8 key;
	u8 salt, salt_size;
	u8 rec_seq;
};

#define LAYOUT(id, member) {						\
	.cipher = TLS_CIPHER_##id,					\
	.size = sizeof(struct tls12_crypto_info_##member),		\
	.iv = offsetof(struct tls12_crypto_info_##member, iv),		\
	.iv_size = TLS_CIPHER_##id##_IV_SIZE,				\
	.key = offsetof(struct tls12_crypto_info_##member, key),	\
	.salt = offsetof(struct tls12_crypto_info_##member, salt),	\
	.salt_size = TLS_CIPHER_##id##_SALT_SIZE,			\
	.rec_seq = offsetof(struct tls12_crypto_info_##member, rec_seq),	\
}

static const struct layout layouts[] = {
	LAYOUT(AES_GCM_128, aes_gcm_128),
	LAYOUT(AES_GCM_256, aes_gcm_256),
	LAYOUT(AES_CCM_128, aes_ccm_128),
	LAYOUT(CHACHA20_POLY1305, chacha20_poly1305),
	LAYOUT(SM4_GCM, sm4_gcm),
	LAYOUT(SM4_CCM, sm4_ccm),
	LAYOUT(ARIA_GCM_128, aria_gcm_128),
	LAYOUT(ARIA_GCM_256, aria_gcm_256),
};

#undef LAYOUT

static const struct layout *find_layout(u16 cipher)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(layouts); i++)
		if (layouts[i].cipher == cipher)
			return &layouts[i];
	return NULL;
}

/**
 * tlsup_raw_create - the state of a connection of "tlsup-raw"
 * @conn: not published yet
 *
 * Return: 0 or -ENOMEM.
 */
int tlsup_raw_create(struct tlsup_conn *conn)
{
	conn->raw = kzalloc(sizeof(*conn->raw), GFP_KERNEL);
	return conn->raw ? 0 : -ENOMEM;
}

/**
 * tlsup_raw_destroy - wipe and free it
 * @conn: nobody is left to use it
 */
void tlsup_raw_destroy(struct tlsup_conn *conn)
{
	kfree_sensitive(conn->raw);
}

static struct tlsup_keys *make_keys(const union crypto_info *ci,
				    const struct layout *at)
{
	const u8 *bytes = (const u8 *)ci;
	struct tlsup_key_parts parts = {
		.version = ci->info.version,
		.key = bytes + at->key,
		.seq = get_unaligned_be64(bytes + at->rec_seq),
	};

	memcpy(parts.iv, bytes + at->salt, at->salt_size);
	memcpy(parts.iv + at->salt_size, bytes + at->iv, at->iv_size);
	return tlsup_keys_create_parts(tlsup_cipher_find(at->cipher), &parts);
}

static int check_info(const union crypto_info *ci, const struct layout *at,
		      unsigned int optlen)
{
	if (ci->info.version != TLS_1_2_VERSION &&
	    ci->info.version != TLS_1_3_VERSION)
		return -EINVAL;
	if (!at || optlen != at->size)
		return -EINVAL;
	/* As in-tree: RFC 6209 and RFC 8998 name these for one version only. */
	if (ci->info.version == TLS_1_3_VERSION &&
	    (ci->info.cipher_type == TLS_CIPHER_ARIA_GCM_128 ||
	     ci->info.cipher_type == TLS_CIPHER_ARIA_GCM_256))
		return -EINVAL;
	return 0;
}

/* A second key is a rekey: TLS 1.3 only, and of the same kind. */
static int check_rekey(const union crypto_info *old, const union crypto_info *ci)
{
	if (old->info.version != TLS_1_3_VERSION)
		return -EBUSY;
	if (old->info.version != ci->info.version ||
	    old->info.cipher_type != ci->info.cipher_type)
		return -EINVAL;
	return 0;
}

static int install_tx(struct tlsup_conn *conn, struct tlsup_keys *keys)
{
	int err = tlsup_tx_flush_open(conn);

	if (err)
		return err;
	conn->tx.rekeys += conn->tx.keys ? 1 : 0;
	tlsup_keys_destroy(conn->tx.keys);
	conn->tx.keys = keys;
	return 0;
}

static int install_rx(struct tlsup_conn *conn, struct tlsup_keys *keys)
{
	conn->rx.rekeys += conn->rx.keys ? 1 : 0;
	tlsup_keys_destroy(conn->rx.keys);
	conn->rx.keys = keys;
	conn->raw->update_pending = false;
	/* What has come before it can be read now. */
	conn->rx.seen = conn->rx.seen - 1;
	conn->saved_data_ready(conn->sk);
	return 0;
}

static int install(struct tlsup_conn *conn, int optname,
		   const union crypto_info *ci, const struct layout *at)
{
	struct tlsup_raw *raw = conn->raw;
	bool tx = optname == TLS_TX;
	union crypto_info *slot = tx ? &raw->tx : &raw->rx;
	struct tlsup_keys *keys;
	int err = 0;

	if (tx ? conn->tx.keys : conn->rx.keys)
		err = check_rekey(slot, ci);
	else if (!READ_ONCE(*(tx ? &conn->tn->tx : &conn->tn->rx)))
		err = -EOPNOTSUPP;
	if (err)
		return err;
	keys = make_keys(ci, at);
	if (IS_ERR(keys))
		return PTR_ERR(keys);
	err = tx ? install_tx(conn, keys) : install_rx(conn, keys);
	if (err) {
		tlsup_keys_destroy(keys);
		return err;
	}
	*slot = *ci;
	tlsup_conn_keyed(conn, keys);
	return 0;
}

static int set_keys(struct sock *sk, int optname, sockptr_t optval,
		    unsigned int optlen)
{
	union crypto_info ci = {};
	const struct layout *at;
	int err;

	if (optlen < sizeof(ci.info) || optlen > sizeof(ci))
		return -EINVAL;
	if (copy_from_sockptr(&ci, optval, optlen)) {
		err = -EFAULT;
		goto wipe;
	}
	at = find_layout(ci.info.cipher_type);
	err = check_info(&ci, at, optlen);
	if (err)
		goto wipe;
	lock_sock(sk);
	err = install(tlsup_ulp_conn(sk), optname, &ci, at);
	release_sock(sk);
wipe:
	memzero_explicit(&ci, sizeof(ci));
	return err;
}

static int set_flag(struct sock *sk, int optname, sockptr_t optval,
		    unsigned int optlen)
{
	struct tlsup_conn *conn;
	unsigned int value;
	int err = 0;

	if (optlen < sizeof(value))
		return -EINVAL;
	if (copy_from_sockptr(&value, optval, sizeof(value)))
		return -EFAULT;
	if (value > 1)
		return -EINVAL;
	lock_sock(sk);
	conn = tlsup_ulp_conn(sk);
	if (optname == TLS_TX_ZEROCOPY_RO)
		conn->raw->tx_zerocopy = value;
	else if (!conn->rx.keys || conn->rx.keys->version != TLS_1_3_VERSION)
		err = -EINVAL;
	else
		conn->raw->no_pad = value;
	if (!err && value && optname == TLS_RX_EXPECT_NO_PAD)
		conn->rx.misses = 0;
	release_sock(sk);
	return err;
}

/**
 * tlsup_raw_set - setsockopt of the level SOL_TLS
 * @sk: the socket
 * @optname: TLS_*
 * @optval: the value
 * @optlen: its length
 *
 * Return: 0 or -errno.
 */
int tlsup_raw_set(struct sock *sk, int optname, sockptr_t optval,
		  unsigned int optlen)
{
	switch (optname) {
	case TLS_TX:
	case TLS_RX:
		return set_keys(sk, optname, optval, optlen);
	case TLS_TX_ZEROCOPY_RO:
	case TLS_RX_EXPECT_NO_PAD:
		return set_flag(sk, optname, optval, optlen);
	default:
		return -ENOPROTOOPT;
	}
}

/* What was set, with iv and sequence number as they stand now. */
static int take_keys(const union crypto_info *slot,
		     const struct tlsup_keys *keys, union crypto_info *ci,
		     size_t len)
{
	const struct layout *at;
	u8 *bytes = (u8 *)ci;

	if (!keys)
		return -EBUSY;
	*ci = *slot;
	if (len == sizeof(ci->info))
		return 0;
	at = find_layout(slot->info.cipher_type);
	if (len != at->size)
		return -EINVAL;
	memcpy(bytes + at->iv, keys->iv + at->salt_size, at->iv_size);
	put_unaligned_be64(keys->seq, bytes + at->rec_seq);
	return 0;
}

static int get_keys(struct tlsup_conn *conn, int optname,
		    union crypto_info *ci, size_t len)
{
	if (optname == TLS_TX)
		return take_keys(&conn->raw->tx, conn->tx.keys, ci, len);
	return take_keys(&conn->raw->rx, conn->rx.keys, ci, len);
}

static int get_flag(const struct tlsup_conn *conn, int optname, void *out,
		    size_t *len)
{
	unsigned int value;

	if (optname == TLS_TX_ZEROCOPY_RO)
		value = conn->raw->tx_zerocopy;
	else if (conn->rx.keys && conn->rx.keys->version == TLS_1_3_VERSION)
		value = conn->raw->no_pad;
	else
		return -EINVAL;
	if (*len < sizeof(value))
		return -EINVAL;
	memcpy(out, &value, sizeof(value));
	*len = sizeof(value);
	return 0;
}

/**
 * tlsup_raw_get - getsockopt of the level SOL_TLS
 * @sk: the socket
 * @optname: TLS_*
 * @optval: where the value goes
 * @optlen: in and out: its length
 *
 * Return: 0 or -errno.
 */
int tlsup_raw_get(struct sock *sk, int optname, char __user *optval,
		  int __user *optlen)
{
	union crypto_info ci;
	size_t n;
	int len, err;

	if (get_user(len, optlen))
		return -EFAULT;
	if (len < (int)sizeof(ci.info))
		return -EINVAL;
	n = len;
	lock_sock(sk);
	switch (optname) {
	case TLS_TX:
	case TLS_RX:
		err = get_keys(tlsup_ulp_conn(sk), optname, &ci, n);
		break;
	case TLS_TX_ZEROCOPY_RO:
	case TLS_RX_EXPECT_NO_PAD:
		err = get_flag(tlsup_ulp_conn(sk), optname, &ci, &n);
		break;
	default:
		err = -ENOPROTOOPT;
	}
	release_sock(sk);
	if (!err && (put_user((int)n, optlen) || copy_to_user(optval, &ci, n)))
		err = -EFAULT;
	memzero_explicit(&ci, sizeof(ci));
	return err;
}

/**
 * tlsup_raw_send_type - the content type that a sender wants
 * @conn: socket lock held
 * @msg: its message
 * @type: out: TLS_SET_RECORD_TYPE, else application data
 *
 * Return: 0 or -EINVAL.
 */
int tlsup_raw_send_type(struct tlsup_conn *conn, struct msghdr *msg, u8 *type)
{
	struct cmsghdr *cmsg;

	*type = TLSUP_APPLICATION_DATA;
	if (!msg->msg_controllen)
		return 0;
	for_each_cmsghdr(cmsg, msg) {
		if (!CMSG_OK(msg, cmsg))
			return -EINVAL;
		if (cmsg->cmsg_level != SOL_TLS)
			continue;
		if (cmsg->cmsg_type != TLS_SET_RECORD_TYPE ||
		    cmsg->cmsg_len < CMSG_LEN(sizeof(*type)) ||
		    (msg->msg_flags & MSG_MORE))
			return -EINVAL;
		*type = *(u8 *)CMSG_DATA(cmsg);
	}
	return tlsup_tx_flush_open(conn);
}

/**
 * tlsup_raw_take - may this record go into this message?
 * @conn: socket lock held
 * @msg: the reader's
 * @rec: the record
 * @type: content type of what is in @msg already, 0 for nothing; changed
 *
 * Return: 1, 0 if it is of another type, -EIO if the reader has no room for
 * the type of a record that is not data.
 */
int tlsup_raw_take(struct tlsup_conn *conn, struct msghdr *msg,
		   const struct tlsup_rec *rec, int *type)
{
	u8 value = rec->type;
	int err;

	if (*type)
		return *type == rec->type;
	err = put_cmsg(msg, SOL_TLS, TLS_GET_RECORD_TYPE, sizeof(value), &value);
	if (rec->type != TLSUP_APPLICATION_DATA &&
	    (err || msg->msg_flags & MSG_CTRUNC))
		return -EIO;
	*type = rec->type;
	return 1;
}

/**
 * tlsup_raw_opened - a record has been opened
 * @conn: socket lock held
 * @rec: the record
 *
 * Behind a KeyUpdate nothing can be opened before the application has set the
 * next key.
 */
void tlsup_raw_opened(struct tlsup_conn *conn, const struct tlsup_rec *rec)
{
	if (conn->rx.keys->version == TLS_1_3_VERSION &&
	    rec->type == TLSUP_HANDSHAKE_RECORD && rec->len &&
	    *tlsup_rec_data(rec) == TLSUP_KEY_UPDATE)
		conn->raw->update_pending = true;
}

/**
 * tlsup_raw_blocked - is there a reason not to open the next record?
 * @conn: socket lock held
 *
 * Return: 0, -errno that the reader gets when all opened ones are read, or 1:
 * there will never be another.
 */
int tlsup_raw_blocked(struct tlsup_conn *conn)
{
	struct tlsup_raw *raw = conn->raw;

	if (raw->error)
		return -raw->error;
	if (raw->update_pending)
		return -EKEYEXPIRED;
	return raw->dead;
}

/* Nothing behind it can be parsed; in-tree kTLS says so once only. */
static bool is_deadly(enum tlsup_fault fault)
{
	return fault == TLSUP_FAULT_OVERFLOW || fault == TLSUP_FAULT_SHORT ||
	       fault == TLSUP_FAULT_VERSION;
}

/**
 * tlsup_raw_fault - a record cannot be opened
 * @conn: socket lock held
 * @fault: what is wrong with it, or TLSUP_OK
 * @error: -errno of a machine's failure
 *
 * No alert: that is the application's business. Errors are those of in-tree
 * kTLS.
 *
 * Return: -errno.
 */
int tlsup_raw_fault(struct tlsup_conn *conn, enum tlsup_fault fault, int error)
{
	struct sock *sk = conn->sk;

	if (error == -ENOMEM)
		return error;
	tlsup_stat_inc(conn->tn, rx_bad_records);
	trace_tlsup_fault(conn->id, fault);
	if (fault == TLSUP_FAULT_VERSION)
		error = -EINVAL;
	else if (fault)
		error = -tlsup_record_fault(fault)->error;
	if (is_deadly(fault))
		conn->raw->dead = true;
	else
		conn->raw->error = -error;
	WRITE_ONCE(sk->sk_err, -error);
	conn->saved_error_report(sk);
	/* Told by this return; for a sender's sake it is not kept. */
	return sock_error(sk) ?: error;
}
