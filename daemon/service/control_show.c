// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What the daemon shows of itself, of the kernel's connections, and of its
 * configuration.
 */
#include "service/control.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kern/kern_admin.h"
#include "log.h"
#include "stats.h"
#include "store/store.h"
#include "tls/hs.h"
#include "x509/x509.h"

#define DAY		86400
#define MAPPED_PREFIX	12	/* of an IPv4 address in an IPv6 one */

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static uint64_t count_done(bool resumed)
{
	uint64_t n = 0;

	for (int role = 0; role < 2; role++)
		for (int version = 0; version < 2; version++)
			n += stats_get(&stats->done[role][version][resumed]);
	return n;
}

/**
 * control_errno_name - an errno's symbol
 * @error: positive
 *
 * Return: such as "EPROTO"; 0 is what the application ended itself.
 */
const char *control_errno_name(unsigned int error)
{
	const char *name = error ? strerrorname_np((int)error) : "closed";

	return name ? name : "other";
}

static json_t *failures(void)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < STATS_ERRORS; i++)
		if (stats_get(&stats->failed[i]))
			json_object_set_new(object, control_errno_name(i),
					    number(stats_get(&stats->failed[i])));
	return object;
}

static json_t *handshakes(void)
{
	return json_pack("{s:o, s:o, s:o}",
			 "done", number(count_done(false) + count_done(true)),
			 "resumed", number(count_done(true)),
			 "failed", failures());
}

static void add_bytes(void *owner, const struct kern_conn *conn)
{
	struct kern_stats *sum = owner;

	sum->tx_bytes += conn->tx_bytes;
	sum->rx_bytes += conn->rx_bytes;
}

static json_t *kernel(struct service *service)
{
	struct kern_stats k;

	if (!service->admin || kern_admin_stats(service->admin, &k))
		return json_null();
	/* Those that have ended are in it; those that live are added. */
	kern_admin_conns(service->admin, add_bytes, &k);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "connections", number(k.conns_created - k.conns_destroyed),
			 "handshakes_done", number(k.handshakes_done),
			 "handshakes_failed", number(k.handshakes_failed),
			 "handshakes_pending", number(k.handshakes_pending),
			 "handshakes_refused", number(k.handshakes_refused),
			 "agents", number(k.agents),
			 "tickets_dropped", number(k.tickets_dropped),
			 "tx_bytes", number(k.tx_bytes),
			 "rx_bytes", number(k.rx_bytes),
			 "tx_records", number(k.tx_records),
			 "rx_records", number(k.rx_records),
			 "bad_records", number(k.rx_bad_records),
			 "tx_rekeys", number(k.tx_rekeys),
			 "rx_rekeys", number(k.rx_rekeys));
}

static unsigned int count_generations(const struct service *service)
{
	unsigned int n = 1;

	for (const struct generation *old = service->old; old; old = old->next)
		n++;
	return n;
}

/**
 * control_status - answer "status"
 * @service: the main process
 * @request: takes nothing more
 *
 * Return: the answer.
 */
json_t *control_status(struct service *service, const json_t *request)
{
	(void)request;
	return json_pack("{s:s, s:i, s:o, s:s, s:o, s:i, s:s, s:o, s:o, s:o, s:o}",
			 "version", SERVICE_VERSION,
			 "pid", (int)getpid(),
			 "uptime", number((uint64_t)time(NULL) - service->started),
			 "config", service->options.config,
			 "workers", number(service->current->config->workers),
			 "generations", (int)count_generations(service),
			 "log_level", log_traces() ? "trace" : log_level_name(),
			 "reloads", number(stats_get(&stats->reloads[0])),
			 "reloads_failed", number(stats_get(&stats->reloads[1])),
			 "handshakes", handshakes(),
			 "kernel", kernel(service));
}

static const char *phase_name(uint32_t phase)
{
	static const char *const names[] = { "idle", "waiting", "pending", "handshake",
					     "open", "failed" };

	return phase < sizeof(names) / sizeof(names[0]) ? names[phase] : "?";
}

static const char *version_name(uint16_t version)
{
	return version == 0x0304 ? "TLSv1.3" : version == 0x0303 ? "TLSv1.2" : "";
}

static void print_peer(const struct kern_conn *conn, char *text, size_t size)
{
	static const uint8_t mapped[MAPPED_PREFIX] = { [10] = 0xff, [11] = 0xff };
	char address[INET6_ADDRSTRLEN] = "";

	if (conn->peer_len == sizeof(struct in_addr))
		inet_ntop(AF_INET, conn->peer, address, sizeof(address));
	else if (conn->peer_len == sizeof(struct in6_addr) &&
		 !memcmp(conn->peer, mapped, sizeof(mapped)))
		inet_ntop(AF_INET, conn->peer + MAPPED_PREFIX, address, sizeof(address));
	else if (conn->peer_len == sizeof(struct in6_addr))
		inet_ntop(AF_INET6, conn->peer, address, sizeof(address));
	snprintf(text, size, strchr(address, ':') ? "[%s]:%u" : "%s:%u", address,
		 conn->peer_port);
}

static void add_conn(void *owner, const struct kern_conn *conn)
{
	json_t *list = owner;
	char peer[INET6_ADDRSTRLEN + 8];
	const char *suite = hs_suite_name(conn->suite);

	print_peer(conn, peer, sizeof(peer));
	json_array_append_new(list, json_pack(
		"{s:o, s:s, s:s, s:i, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:o}",
		"id", number(conn->id),
		"role", conn->role == 1 ? "client" : conn->role == 2 ? "server" : "",
		"phase", phase_name(conn->phase),
		"pid", (int)conn->pid,
		"uid", (int)conn->uid,
		"exe", conn->exe,
		"profile", conn->profile,
		"peer", peer,
		"server_name", conn->server_name,
		"version", version_name(conn->version),
		"suite", conn->suite && suite ? suite : "",
		"resumed", conn->resumed,
		"age", number(conn->age_ms),
		"tx_bytes", number(conn->tx_bytes),
		"rx_bytes", number(conn->rx_bytes)));
}

/**
 * control_connections - answer "connections"
 * @service: the main process
 * @request: takes nothing more
 *
 * Return: the answer.
 */
json_t *control_connections(struct service *service, const json_t *request)
{
	json_t *list = json_array();

	(void)request;
	if (!service->admin || kern_admin_conns(service->admin, add_conn, list)) {
		json_decref(list);
		return control_error("the kernel does not tell its connections");
	}
	return json_pack("{s:o}", "connections", list);
}

static json_t *show_certificate(const struct config_profile *profile, size_t n)
{
	const struct hs_credential *hs = x509_credential_hs(profile->credentials[n]);
	time_t end = x509_credential_expires(profile->credentials[n]);
	char subject[X509_SUBJECT_MAX];

	x509_subject(hs->chain[0].data, hs->chain[0].len, subject, NULL);
	return json_pack("{s:s, s:s, s:s, s:o, s:I}",
			 "file", profile->pairs[n].certificate,
			 "key", profile->pairs[n].key,
			 "subject", subject,
			 "expires", number((uint64_t)end),
			 "days_left", (json_int_t)((end - time(NULL)) / DAY -
						   (end < time(NULL))));
}

static json_t *show_certificates(const struct config_profile *profile)
{
	json_t *list = json_array();

	for (size_t i = 0; i < profile->credentials_len; i++)
		json_array_append_new(list, show_certificate(profile, i));
	return list;
}

static json_t *show_ids(const struct access_ids *ids)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ids->len; i++)
		json_array_append_new(list, number(ids->ids[i]));
	return list;
}

static json_t *show_paths(const struct access_paths *paths)
{
	json_t *list = json_array();

	for (size_t i = 0; i < paths->len; i++)
		json_array_append_new(list, json_string(paths->paths[i]));
	return list;
}

/**
 * control_profiles - answer "profiles"
 * @service: the main process
 * @request: takes nothing more
 *
 * Return: the answer.
 */
json_t *control_profiles(struct service *service, const json_t *request)
{
	const struct config *config = service->current->config;
	json_t *list = json_array();

	(void)request;
	for (size_t i = 0; i < config->profiles_len; i++) {
		const struct config_profile *profile = &config->profiles[i];

		json_array_append_new(list, json_pack(
			"{s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:o}",
			"name", profile->name,
			"policy", profile->policy->name,
			"certificates", show_certificates(profile),
			"trust", profile->trust_file ? profile->trust_file : "system",
			"allow_users", show_ids(&profile->access.users),
			"allow_groups", show_ids(&profile->access.groups),
			"allow_cgroups", show_paths(&profile->access.cgroups),
			"allow_executables", show_paths(&profile->access.executables)));
	}
	return json_pack("{s:o}", "profiles", list);
}
