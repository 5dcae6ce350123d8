// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "service/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kern/kern_admin.h"
#include "service/control.h"
#include "service/stream.h"
#include "stats.h"
#include "store/store.h"
#include "tls/hs.h"

#define SOCKET_MODE	0666

struct metrics {
	struct service *service;
	struct stream *stream;
};

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_done(FILE *out)
{
	static const char *const roles[] = { "client", "server" };
	static const char *const versions[] = { "1.2", "1.3" };

	head(out, "tlsup_handshakes_total", "counter", "Handshakes that have succeeded.");
	for (int role = 0; role < 2; role++)
		for (int version = 0; version < 2; version++)
			for (int resumed = 0; resumed < 2; resumed++)
				fprintf(out, "tlsup_handshakes_total{role=\"%s\",version=\"%s\",resumed=\"%s\"} %" PRIu64 "\n",
					roles[role], versions[version],
					resumed ? "yes" : "no",
					stats_get(&stats->done[role][version][resumed]));
}

static void put_failed(FILE *out)
{
	head(out, "tlsup_handshake_failures_total", "counter",
	     "Handshakes that have failed, by the errno that the application got.");
	for (unsigned int i = 0; i < STATS_ERRORS; i++)
		if (stats_get(&stats->failed[i]))
			fprintf(out, "tlsup_handshake_failures_total{error=\"%s\"} %" PRIu64 "\n",
				control_errno_name(i), stats_get(&stats->failed[i]));
}

static void put_suites(FILE *out)
{
	head(out, "tlsup_handshakes_by_suite_total", "counter",
	     "Handshakes that have succeeded, by cipher suite.");
	for (size_t i = 0; i < STATS_SUITES && hs_suite_at(i); i++)
		if (stats_get(&stats->suites[i]))
			fprintf(out, "tlsup_handshakes_by_suite_total{suite=\"%s\"} %" PRIu64 "\n",
				hs_suite_name(hs_suite_at(i)),
				stats_get(&stats->suites[i]));
}

static void put_latency(FILE *out)
{
	uint64_t sum = 0;

	head(out, "tlsup_handshake_seconds", "histogram",
	     "Time from the first event of a handshake to its success.");
	for (int i = 0; i < STATS_BUCKETS - 1; i++) {
		sum += stats_get(&stats->buckets[i]);
		fprintf(out, "tlsup_handshake_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
			stats_bounds_ms[i] / 1000.0, sum);
	}
	sum += stats_get(&stats->buckets[STATS_BUCKETS - 1]);
	fprintf(out, "tlsup_handshake_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n"
		"tlsup_handshake_seconds_sum %g\n"
		"tlsup_handshake_seconds_count %" PRIu64 "\n", sum,
		(double)stats_get(&stats->microseconds) / 1e6, sum);
}

static void put_sessions(FILE *out)
{
	head(out, "tlsup_session_lookups_total", "counter",
	     "Lookups in the session store, by their verdict.");
	for (int i = 0; i < STORE_VERDICTS; i++)
		fprintf(out, "tlsup_session_lookups_total{verdict=\"%s\"} %" PRIu64 "\n",
			store_verdict_name((enum store_verdict)i),
			stats_get(&stats->lookups[i]));
	head(out, "tlsup_tickets_total", "counter", "Tickets, by direction.");
	fprintf(out, "tlsup_tickets_total{direction=\"issued\"} %" PRIu64 "\n"
		"tlsup_tickets_total{direction=\"taken\"} %" PRIu64 "\n",
		stats_get(&stats->tickets_issued), stats_get(&stats->tickets_taken));
}

static void put_one(FILE *out, const char *name, const char *type, const char *help,
		    uint64_t value)
{
	head(out, name, type, help);
	fprintf(out, "%s %" PRIu64 "\n", name, value);
}

static void put_pair(FILE *out, const char *name, const char *help, uint64_t tx,
		     uint64_t rx)
{
	head(out, name, "counter", help);
	fprintf(out, "%s{direction=\"tx\"} %" PRIu64 "\n%s{direction=\"rx\"} %" PRIu64 "\n",
		name, tx, name, rx);
}

static void add_bytes(void *owner, const struct kern_conn *conn)
{
	struct kern_stats *sum = owner;

	sum->tx_bytes += conn->tx_bytes;
	sum->rx_bytes += conn->rx_bytes;
}

static void put_store(FILE *out, struct store *store)
{
	struct store_counters counters = { 0 };

	store_count(store, &counters);
	put_one(out, "tlsup_store_entries", "gauge", "Sessions in the store in memory.",
		counters.entries);
	put_one(out, "tlsup_store_bytes", "gauge", "Memory that they take.",
		counters.bytes);
	put_one(out, "tlsup_store_evicted_total", "counter",
		"Sessions that gave way to others.", counters.evicted);
}

static void put_kernel(FILE *out, struct kern_admin *admin)
{
	struct kern_stats k;

	if (!admin || kern_admin_stats(admin, &k))
		return;
	kern_admin_conns(admin, add_bytes, &k);
	put_one(out, "tlsup_connections", "gauge", "Connections that are there.",
		k.conns_created - k.conns_destroyed);
	put_one(out, "tlsup_handshakes_pending", "gauge",
		"Handshakes that wait or are in progress.", k.handshakes_pending);
	put_one(out, "tlsup_handshakes_refused_total", "counter",
		"Handshakes that were too many at once (net.tlsup.max_pending).",
		k.handshakes_refused);
	put_one(out, "tlsup_tickets_dropped_total", "counter",
		"Tickets that came and found no room.", k.tickets_dropped);
	put_pair(out, "tlsup_bytes_total", "Application data.", k.tx_bytes, k.rx_bytes);
	put_pair(out, "tlsup_records_total", "Records.", k.tx_records, k.rx_records);
	put_pair(out, "tlsup_rekeys_total", "Key updates.", k.tx_rekeys, k.rx_rekeys);
	put_one(out, "tlsup_record_errors_total", "counter",
		"Records that failed to authenticate or were malformed.",
		k.rx_bad_records);
}

static void put_certificates(FILE *out, const struct config *config)
{
	head(out, "tlsup_certificate_expiry_seconds", "gauge",
	     "Unix time at which a profile's certificate expires.");
	for (size_t i = 0; i < config->profiles_len; i++)
		for (size_t j = 0; j < config->profiles[i].credentials_len; j++)
			fprintf(out, "tlsup_certificate_expiry_seconds{profile=\"%s\",number=\"%zu\"} %lld\n",
				config->profiles[i].name, j,
				(long long)x509_credential_expires(config->profiles[i].credentials[j]));
}

static void put_reloads(FILE *out)
{
	head(out, "tlsup_reloads_total", "counter", "Reloads of the configuration.");
	fprintf(out, "tlsup_reloads_total{result=\"good\"} %" PRIu64 "\n"
		"tlsup_reloads_total{result=\"failed\"} %" PRIu64 "\n",
		stats_get(&stats->reloads[0]), stats_get(&stats->reloads[1]));
}

static char *body(struct service *service, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		return NULL;
	put_done(out);
	put_failed(out);
	put_suites(out);
	put_latency(out);
	put_sessions(out);
	put_store(out, service->sessions.store);
	put_kernel(out, service->admin);
	put_certificates(out, service->current->config);
	put_reloads(out);
	return fclose(out) ? NULL : text;
}

static void on_request(void *owner, struct stream_client *client, const char *request)
{
	struct metrics *metrics = owner;
	size_t len = 0, text_len = 0;
	char *text, *answer = NULL;
	FILE *out;

	if (metrics->service->leaving) {
		stream_answer(client, NULL, 0);
		return;
	}
	if (strncmp(request, "GET /metrics ", 13) && strncmp(request, "GET / ", 6)) {
		answer = strdup("HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n");
		stream_answer(client, answer, answer ? strlen(answer) : 0);
		return;
	}
	text = body(metrics->service, &text_len);
	out = text ? open_memstream(&answer, &len) : NULL;
	if (out) {
		fprintf(out, "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
			"Content-Length: %zu\r\n\r\n", text_len);
		fwrite(text, 1, text_len, out);
		fclose(out);
	}
	free(text);
	stream_answer(client, answer, len);
}

static const struct stream_ops ops = {
	.end = "\r\n\r\n",
	.request = on_request,
};

/**
 * metrics_open - serve metrics, if the configuration says where
 * @service: has a configuration that does
 *
 * Return: to be closed by metrics_close(), or NULL; then it has been logged
 * why.
 */
struct metrics *metrics_open(struct service *service)
{
	const char *where = service->current->config->metrics;
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	if (!metrics)
		return NULL;
	metrics->service = service;
	metrics->stream = *where == '/' ?
			  stream_listen_path(service->event, where, SOCKET_MODE, &ops,
					     metrics) :
			  stream_listen_tcp(service->event, where, &ops, metrics);
	if (metrics->stream)
		return metrics;
	free(metrics);
	return NULL;
}

/**
 * metrics_leave - the path is another daemon's from here on
 * @metrics: may be NULL
 */
void metrics_leave(struct metrics *metrics)
{
	if (metrics)
		stream_leave_path(metrics->stream);
}

/**
 * metrics_close - serve no more
 * @metrics: may be NULL
 */
void metrics_close(struct metrics *metrics)
{
	if (!metrics)
		return;
	stream_close(metrics->stream);
	free(metrics);
}
