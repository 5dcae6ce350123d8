/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * TLS as a service of the operating system: the socket's face.
 *
 *	setsockopt(fd, SOL_TCP, TCP_ULP, "tlsup", 5);
 *	setsockopt(fd, SOL_TLSUP, TLSUP_SERVER_NAME, "example.org", 11);
 *	setsockopt(fd, SOL_TLSUP, TLSUP_HANDSHAKE, &(int){TLSUP_CLIENT}, sizeof(int));
 *
 * From TCP_ULP on no plaintext crosses the socket. read() and write() wait for
 * the end of the handshake (EAGAIN when non-blocking); after a failure they
 * fail. The interface is append-only: a structure may grow at its end, and a
 * caller gets as many bytes of it as it asked for.
 *
 * Errors mean one thing each:
 *
 *	ESRCH		no agent (daemon) serves this network namespace
 *	ETIMEDOUT	the handshake's deadline has passed
 *	EKEYREJECTED	the peer's certificate was not accepted
 *	EKEYEXPIRED	the peer's certificate has expired
 *	EKEYREVOKED	the peer's certificate is revoked
 *	ENOKEY		no such profile, or no certificate for the name
 *	EACCES		the profile is not for this user or program
 *	ENOBUFS		too many handshakes are pending, in all or of this user
 *			or peer
 *	EPROTO		the peer broke the protocol or sent a fatal alert
 *	EBADMSG		a record failed authentication
 *	EMSGSIZE	a record is too long
 *	ECONNABORTED	the agent went away in mid-handshake
 *	ECONNRESET	the stream ended without close_notify
 *	EPIPE		write after close
 *	EINVAL		a value out of range
 *	ENOPROTOOPT	an option of another phase or role, or of none
 */
#ifndef _UAPI_LINUX_TLSUP_H
#define _UAPI_LINUX_TLSUP_H

#include <linux/types.h>

/* The socket option level. */
#define SOL_TLSUP	0x5455

/* The name for TCP_ULP. */
#define TLSUP_ULP_NAME	"tlsup"

/*
 * The other ULP, with the face of in-tree kTLS: options of SOL_TLS and the
 * structures of linux/tls.h. ESTABLISHED sockets only; SOL_TLSUP is refused.
 */
#define TLSUP_RAW_ULP_NAME	"tlsup-raw"

/**
 * enum tlsup_option - options of level %SOL_TLSUP
 * @TLSUP_HANDSHAKE: set int, &enum tlsup_role. Starts the handshake. On a
 *	blocking socket it returns when the handshake has ended; a signal
 *	interrupts the wait, not the handshake, and a second call joins it. On
 *	a non-blocking one it returns %EINPROGRESS and the socket becomes
 *	writable (or shows %POLLERR) at the end: %SO_ERROR tells. %EALREADY
 *	meanwhile, %EISCONN after success. On a socket not yet connected the
 *	role is remembered, and the handshake starts when it is.
 * @TLSUP_PROFILE: set and get string, at most 63 bytes: the administrator's
 *	profile in the daemon's configuration; "default" if not set. Before
 *	the handshake.
 * @TLSUP_SERVER_NAME: set and get string, at most 255 bytes. Client: the name
 *	(DNS name or IP address) to ask for and to verify, set before the
 *	handshake. Server: get only, the name that the client sent.
 * @TLSUP_ALPN: set list, in the form of RFC 7301 (each name behind its length
 *	byte), at most 1024 bytes, before the handshake; get string, the
 *	protocol selected, once the handshake is done.
 * @TLSUP_FLAGS: set and get u32, bits of &enum tlsup_flag: what the
 *	application tightens beyond its profile. Before the handshake.
 * @TLSUP_TIMEOUT: set and get u32, milliseconds, 1 to 3600000: the handshake's
 *	deadline; default 30000. Before the handshake.
 * @TLSUP_INFO: get &struct tlsup_info, once the handshake is done.
 * @TLSUP_STATUS: get &struct tlsup_status, in every phase.
 * @TLSUP_PEER_CERT: get DER, the peer's leaf certificate. A buffer too small
 *	gives %ERANGE and the size needed in optlen; %ENODATA: the peer sent
 *	none.
 * @TLSUP_PEER_CHAIN: get, all certificates that the peer sent, leaf first,
 *	each behind its length in three bytes, most significant first.
 * @TLSUP_EXPORTER: get keying material (RFC 5705; RFC 9846, 7.5), once the
 *	handshake is done: &struct tlsup_exporter goes in, its length bytes
 *	come out at the same place. %ENODATA: TLS 1.2 without extended master
 *	secret has none.
 * @TLSUP_REKEY: set int, once the handshake is done: 0 changes this side's
 *	keys now (KeyUpdate), 1 also asks the peer to change its own.
 *	%EOPNOTSUPP under TLS 1.2, which cannot.
 * @TLSUP_PADDING: set and get u32, 0 to 16384, in every phase: each record of
 *	TLS 1.3 is padded so that its plaintext, with the content type, is a
 *	multiple of it (RFC 9846, 5.4); 0 pads nothing.
 */
enum tlsup_option {
	TLSUP_HANDSHAKE		= 1,
	TLSUP_PROFILE		= 2,
	TLSUP_SERVER_NAME	= 3,
	TLSUP_ALPN		= 4,
	TLSUP_FLAGS		= 5,
	TLSUP_TIMEOUT		= 6,
	TLSUP_INFO		= 7,
	TLSUP_STATUS		= 8,
	TLSUP_PEER_CERT		= 9,
	TLSUP_PEER_CHAIN	= 10,
	TLSUP_EXPORTER		= 11,
	TLSUP_REKEY		= 12,
	TLSUP_PADDING		= 13,
};

/**
 * enum tlsup_flag - what an application may tighten, never loosen
 * @TLSUP_FLAG_REQUIRE_PEER_CERT: the handshake fails unless the peer has shown
 *	a certificate that was accepted
 * @TLSUP_FLAG_NO_RESUMPTION: neither offer nor accept a session
 * @TLSUP_FLAG_TLS13_ONLY: nothing below TLS 1.3
 * @TLSUP_FLAG_ALL: all that are defined; any other gets %EINVAL
 */
enum tlsup_flag {
	TLSUP_FLAG_REQUIRE_PEER_CERT	= 1 << 0,
	TLSUP_FLAG_NO_RESUMPTION	= 1 << 1,
	TLSUP_FLAG_TLS13_ONLY		= 1 << 2,
	TLSUP_FLAG_ALL			= (1 << 3) - 1,
};

/**
 * enum tlsup_role - who speaks first
 * @TLSUP_CLIENT: send the ClientHello
 * @TLSUP_SERVER: wait for it
 */
enum tlsup_role {
	TLSUP_CLIENT	= 1,
	TLSUP_SERVER	= 2,
};

/**
 * enum tlsup_phase - where a connection stands
 * @TLSUP_PHASE_IDLE: attached, no role set
 * @TLSUP_PHASE_WAITING: role set; waits for ESTABLISHED or, as a server, for
 *	the client's first record
 * @TLSUP_PHASE_PENDING: no agent has answered for it yet
 * @TLSUP_PHASE_HANDSHAKE: an agent is working on it
 * @TLSUP_PHASE_OPEN: the handshake is done, application data flows
 * @TLSUP_PHASE_FAILED: it failed; &struct tlsup_status says why
 * @TLSUP_PHASE_CLOSED: the socket is closed; no application sees this
 */
enum tlsup_phase {
	TLSUP_PHASE_IDLE	= 0,
	TLSUP_PHASE_WAITING	= 1,
	TLSUP_PHASE_PENDING	= 2,
	TLSUP_PHASE_HANDSHAKE	= 3,
	TLSUP_PHASE_OPEN	= 4,
	TLSUP_PHASE_FAILED	= 5,
	TLSUP_PHASE_CLOSED	= 6,
};

/**
 * struct tlsup_info - what was negotiated (TLSUP_INFO)
 * @version: 0x0304 for TLS 1.3
 * @suite: the cipher suite, IANA number
 * @group: the named group of the key exchange, IANA number; 0 if none
 * @signature_scheme: with which the peer proved its key, or this side did;
 *	IANA number; 0 if none
 * @resumed: 0 full handshake, 1 by session id, 2 by ticket, 3 by PSK; 4 no
 *	certificates either, but a PSK that both sides were given
 * @client_authenticated: 1 if the client showed a certificate
 * @role: &enum tlsup_role
 * @reserved: 0
 * @tx_records: records sent under application keys
 * @rx_records: records received under application keys
 * @tx_bytes: application data sent, bytes
 * @rx_bytes: application data received, bytes
 * @tx_rekeys: key updates of the sending direction
 * @rx_rekeys: key updates of the receiving direction
 * @handshake_us: microseconds from the handshake's start to its end
 * @events: netlink messages to the agent for the handshake
 * @answers: netlink messages from the agent for the handshake
 */
struct tlsup_info {
	__u16 version;
	__u16 suite;
	__u16 group;
	__u16 signature_scheme;
	__u8 resumed;
	__u8 client_authenticated;
	__u8 role;
	__u8 reserved;
	__u32 handshake_us;
	__u64 tx_records;
	__u64 rx_records;
	__u64 tx_bytes;
	__u64 rx_bytes;
	__u32 tx_rekeys;
	__u32 rx_rekeys;
	__u32 events;
	__u32 answers;
};

#define TLSUP_EXPORT_MAX	1024

/**
 * struct tlsup_exporter - what to export (TLSUP_EXPORTER)
 * @length: bytes wanted, 1 to TLSUP_EXPORT_MAX
 * @label_len: bytes of the label, 1 to 249
 * @context_len: bytes of the context, at most TLSUP_EXPORT_MAX
 * @use_context: 1: there is a context. To TLS 1.2 none and an empty one are
 *	different; to TLS 1.3 they are the same
 * @reserved: 0
 * @data: the label without a NUL, the context behind it
 */
struct tlsup_exporter {
	__u16 length;
	__u16 label_len;
	__u16 context_len;
	__u8 use_context;
	__u8 reserved;
	__u8 data[];
};

#define TLSUP_REASON_MAX	128

/**
 * struct tlsup_status - phase and, after a failure, why (TLSUP_STATUS)
 * @phase: &enum tlsup_phase
 * @error: positive errno of the failure; 0 if none. Unlike SO_ERROR it stays
 * @alert_sent: AlertDescription sent, or -1
 * @alert_received: AlertDescription received, or -1
 * @reserved: 0
 * @reason: one sentence, NUL-terminated; empty if none
 */
struct tlsup_status {
	__u32 phase;
	__u32 error;
	__s16 alert_sent;
	__s16 alert_received;
	__u32 reserved;
	char reason[TLSUP_REASON_MAX];
};

/**
 * enum tlsup_inet_diag - what inet_diag shows of a connection, of either ULP
 *
 * Beside version and cipher, which stand where in-tree TLS has them
 * (INET_ULP_INFO_TLS), so that ss(8) shows them.
 *
 * @TLSUP_INET_DIAG: the nest, within INET_DIAG_ULP_INFO
 * @TLSUP_INET_DIAG_PAD: padding
 * @TLSUP_INET_DIAG_CONN_ID: u64, the id that netlink and the daemon use
 * @TLSUP_INET_DIAG_PHASE: u32, &enum tlsup_phase
 * @TLSUP_INET_DIAG_TX_RECORDS: u64, records sent under application keys
 * @TLSUP_INET_DIAG_RX_RECORDS: u64, records received under application keys
 * @TLSUP_INET_DIAG_TX_BYTES: u64, application data sent
 * @TLSUP_INET_DIAG_RX_BYTES: u64, application data received
 * @TLSUP_INET_DIAG_TX_REKEYS: u32, key updates of the sending direction
 * @TLSUP_INET_DIAG_RX_REKEYS: u32, key updates of the receiving direction
 */
enum tlsup_inet_diag {
	TLSUP_INET_DIAG			= 16,
	TLSUP_INET_DIAG_PAD		= 1,
	TLSUP_INET_DIAG_CONN_ID		= 2,
	TLSUP_INET_DIAG_PHASE		= 3,
	TLSUP_INET_DIAG_TX_RECORDS	= 4,
	TLSUP_INET_DIAG_RX_RECORDS	= 5,
	TLSUP_INET_DIAG_TX_BYTES	= 6,
	TLSUP_INET_DIAG_RX_BYTES	= 7,
	TLSUP_INET_DIAG_TX_REKEYS	= 8,
	TLSUP_INET_DIAG_RX_REKEYS	= 9,
};

#endif /* _UAPI_LINUX_TLSUP_H */
