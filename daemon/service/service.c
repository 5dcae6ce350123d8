// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * One loop over signals, files that change, those who ask, and generations.
 */
#include "service/service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "kern/kern_admin.h"
#include "lib/secret.h"
#include "log.h"
#include "service/control.h"
#include "service/metrics.h"
#include "service/takeover.h"
#include "service/watch.h"
#include "stats.h"
#include "store/state.h"

#define STATE_NAME	"tlsup-state"
#define SECOND_US	(1000 * 1000ULL)
#define RESTART_US	SECOND_US
#define STOP_US		(2 * SECOND_US)
/* Longer than the kernel gives a handshake. */
#define TAKEN_US	(40 * SECOND_US)

static int on_channel(sd_event_source *source, int fd, uint32_t events, void *arg);

/* Both the configuration and the command line must ask for it. */
static int open_keylog(const struct config *config, bool wanted)
{
	int fd;

	if (!wanted || !config->keylog) {
		if (wanted)
			log_warning("--keylog: the configuration names no keylog");
		return -1;
	}
	fd = open(config->keylog, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC |
		  O_NOFOLLOW, 0600);
	if (fd < 0)
		log_error("%s: %s", config->keylog, strerror(errno));
	else
		log_warning("session secrets are written to %s: whoever reads it can read all traffic",
			    config->keylog);
	return fd;
}

static int on_asking(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct generation *generation = arg;

	(void)fd;
	(void)events;
	if (!generation_answer(generation))
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

/* The sources end with their descriptors' generation: see forget(). */
static bool attend(struct service *service, struct generation *generation)
{
	return sd_event_add_io(service->event, &generation->channel_source,
			       generation->channel, EPOLLIN, on_channel, service) >= 0 &&
	       sd_event_add_io(service->event, &generation->asking_source,
			       generation->asking, EPOLLIN, on_asking, generation) >= 0;
}

static void forget(struct generation *generation)
{
	sd_event_source_disable_unref(generation->channel_source);
	sd_event_source_disable_unref(generation->asking_source);
	generation_end(generation);
}

/* A loaded generation begins to serve, or is ended. */
static bool start(struct service *service, struct generation *generation)
{
	if (generation_start(generation, &service->sessions, service->keylog) &&
	    attend(service, generation))
		return true;
	forget(generation);
	return false;
}

static bool differ(const char *one, const char *other)
{
	return strcmp(one ? one : "", other ? other : "");
}

/* What a daemon keeps for its life: its sockets, and what holds its sessions. */
static void tell_kept(const struct config *old, const struct config *new)
{
	const struct {
		const char *key;
		bool changed;
	} kept[] = {
		{ "control", differ(old->control, new->control) },
		{ "metrics", differ(old->metrics, new->metrics) },
		{ "store", differ(old->store.redis, new->store.redis) },
		{ "store_entries", old->store.entries != new->store.entries },
		{ "store_bytes", old->store.bytes != new->store.bytes },
		{ "store_timeout", old->store.timeout != new->store.timeout },
		{ "fleet_key", old->store.key.len != new->store.key.len ||
			       !secret_equal(old->store.key.data, new->store.key.data,
					     new->store.key.len) },
		{ "ticket_period", old->store.period != new->store.period },
	};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (kept[i].changed)
			log_warning("%s: the new value is for the next start", kept[i].key);
}

/* It takes nothing new. If it has died, that is heard once more: see revive(). */
static void retire(struct service *service)
{
	struct generation *generation = service->current;

	generation_drain(generation);
	sd_event_source_set_enabled(generation->channel_source, SD_EVENT_ON);
	generation->next = service->old;
	service->old = generation;
	service->current = NULL;
}

static bool replace(struct service *service)
{
	struct generation *generation = generation_load(service->options.config);

	if (!generation || !start(service, generation))
		return false;
	tell_kept(service->current->config, generation->config);
	retire(service);
	service->current = generation;
	service->reviving = false;
	watch_renew(service->watch, generation->config);
	return true;
}

/**
 * service_reload - read the configuration again, and all that it names
 * @service: serves
 *
 * Return: whether the new one is in force; if not, the old one is.
 */
bool service_reload(struct service *service)
{
	bool good;

	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   (unsigned long long)stats_now_us());
	good = replace(service);
	stats_add(&stats->reloads[good ? 0 : 1], 1);
	if (good)
		log_info("reloaded");
	else
		log_error("not reloaded: the configuration that was in force stays so");
	sd_notify(0, "READY=1");
	return good;
}

static void restart_later(struct service *service);

/* As long as it is in vain, again: what was wrong may be mended meanwhile. */
static int on_restart(sd_event_source *source, uint64_t now, void *arg)
{
	struct service *service = arg;

	(void)now;
	sd_event_source_disable_unref(source);
	if (!service->leaving && service->reviving && !service_reload(service))
		restart_later(service);
	return 0;
}

static void restart_later(struct service *service)
{
	sd_event_source *source;

	if (sd_event_add_time_relative(service->event, &source, CLOCK_MONOTONIC,
				       RESTART_US, 0, on_restart, service) < 0)
		sd_event_exit(service->event, EXIT_FAILURE);
}

/* Its handshakes are lost, but those that nobody has begun wait. */
static void revive(struct service *service)
{
	log_error("the workers have died; starting others");
	sd_event_source_set_enabled(service->current->channel_source, SD_EVENT_OFF);
	service->reviving = true;
	restart_later(service);
}

/* They have gone; or late is the word that they take nothing new. */
static int on_channel(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct service *service = arg;
	struct generation **link = &service->old, *generation;

	(void)events;
	if (service->current && source == service->current->channel_source) {
		if (generation_has_gone(service->current))
			revive(service);
		return 0;
	}
	while ((generation = *link) && generation->channel != fd)
		link = &generation->next;
	if (generation && generation_has_gone(generation)) {
		*link = generation->next;
		forget(generation);
	}
	return service->leaving && !service->old ?
	       sd_event_exit(service->event, EXIT_SUCCESS) : 0;
}

static int on_overdue(sd_event_source *source, uint64_t now, void *arg)
{
	struct service *service = arg;

	(void)source;
	(void)now;
	log_info("leaves handshakes unfinished");
	return sd_event_exit(service->event, EXIT_SUCCESS);
}

/**
 * service_save - what the next daemon wants to know
 * @service: serves
 *
 * Return: to be destroyed by state_destroy(), or NULL.
 */
struct state *service_save(struct service *service)
{
	struct state *state = state_create();

	if (state && sessions_save(&service->sessions, state))
		return state;
	log_warning("no memory for what the next daemon wants to know: sessions are lost");
	state_destroy(state);
	return NULL;
}

/* For the next daemon that systemd starts; it needs FileDescriptorStoreMax=. */
static void store_state(struct service *service)
{
	struct state *state = service_save(service);
	const int fd = state ? state_fd(state) : -1;

	if (state)
		sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=" STATE_NAME, &fd, 1);
	state_destroy(state);
}

/* Not at once: the one who asked for it may be a client of these. */
static int on_left(sd_event_source *source, void *arg)
{
	struct service *service = arg;

	(void)source;
	control_close(service->control);
	service->control = NULL;
	metrics_close(service->metrics);
	service->metrics = NULL;
	return 0;
}

/**
 * service_leave - take nothing new, finish what has begun, and end
 * @service: serves
 * @why: how much time there is
 */
void service_leave(struct service *service, enum service_leave why)
{
	uint64_t patience = why == SERVICE_TAKEN ? TAKEN_US : STOP_US;

	if (service->leaving)
		return;
	service->leaving = true;
	watch_destroy(service->watch);
	service->watch = NULL;
	if (why == SERVICE_TAKEN) {
		control_leave(service->control);
		metrics_leave(service->metrics);
	} else {
		store_state(service);
	}
	sd_notify(0, "STOPPING=1");
	retire(service);
	if (sd_event_add_defer(service->event, NULL, on_left, service) < 0 ||
	    sd_event_add_time_relative(service->event, NULL, CLOCK_MONOTONIC, patience, 0,
				       on_overdue, service) < 0)
		sd_event_exit(service->event, EXIT_FAILURE);
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info,
		   void *arg)
{
	struct service *service = arg;

	log_info("ends: %s", strsignal((int)info->ssi_signo));
	if (service->leaving)
		return sd_event_exit(sd_event_source_get_event(source), EXIT_SUCCESS);
	service_leave(service, SERVICE_STOPPED);
	return 0;
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info,
		     void *arg)
{
	struct service *service = arg;

	(void)source;
	(void)info;
	if (!service->leaving)
		service_reload(service);
	return 0;
}

static void on_change(void *owner)
{
	struct service *service = owner;

	log_info("a certificate, key or authority has changed");
	service_reload(service);
}

/* What the daemon before this one has left with systemd. */
static int stored_state(void)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names), fd = -1;

	for (int i = 0; i < n; i++) {
		if (!strcmp(names[i], STATE_NAME) && fd < 0)
			fd = SD_LISTEN_FDS_START + i;
		else
			close(SD_LISTEN_FDS_START + i);
		free(names[i]);
	}
	free(names);
	if (fd >= 0)
		sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=" STATE_NAME);
	return fd;
}

/* The other daemon, or -1 if there is none; -2: there is, and it stays. */
static int other_daemon(struct service *service, int *state)
{
	const char *path = control_path(service);
	int fd;

	if (!service->options.takeover) {
		if (!control_is_served(path))
			return -1;
		log_error("another daemon serves at %s: --takeover takes its place", path);
		return -2;
	}
	fd = takeover_begin(path, state);
	if (fd >= 0)
		return fd;
	if (fd != -ECONNREFUSED) {
		log_error("%s: the daemon there does not give way: %s", path,
			  strerror(-fd));
		return -2;
	}
	log_info("no daemon to take over from");
	return -1;
}

static bool open_sockets(struct service *service)
{
	service->control = control_open(service);
	if (!service->control)
		return false;
	if (service->current->config->metrics)
		service->metrics = metrics_open(service);
	return service->metrics || !service->current->config->metrics;
}

/* The state is taken over. */
static bool begin_sessions(struct service *service, int fd)
{
	struct state *state = fd >= 0 ? state_open(fd) : NULL;
	bool good = sessions_init(&service->sessions, service->current->config);

	if (good && state)
		sessions_restore(&service->sessions, state);
	state_destroy(state);
	return good;
}

static bool begin(struct service *service)
{
	struct generation *generation = service->current;
	int state = stored_state();
	int other = other_daemon(service, &state);
	bool good;

	if (other == -2)
		return false;
	service->keylog = open_keylog(generation->config, service->options.keylog);
	service->admin = kern_admin_open();
	good = begin_sessions(service, state) &&
	       generation_start(generation, &service->sessions, service->keylog) &&
	       attend(service, generation) && open_sockets(service);
	if (good && other >= 0)
		takeover_end(other);
	else if (other >= 0)
		close(other);
	return good;
}

static bool set_up(struct service *service)
{
	service->current = generation_load(service->options.config);
	if (!service->current || !begin(service))
		return false;
	service->watch = watch_create(service->event, on_change, service);
	watch_renew(service->watch, service->current->config);
	return sd_event_add_signal(service->event, NULL, SIGTERM, on_stop, service) >= 0 &&
	       sd_event_add_signal(service->event, NULL, SIGINT, on_stop, service) >= 0 &&
	       sd_event_add_signal(service->event, NULL, SIGHUP, on_hangup, service) >= 0 &&
	       sd_event_set_watchdog(service->event, true) >= 0;
}

static void tear_down(struct service *service)
{
	struct generation *generation;

	control_close(service->control);
	metrics_close(service->metrics);
	watch_destroy(service->watch);
	while ((generation = service->old)) {
		service->old = generation->next;
		forget(generation);
	}
	if (service->current)
		forget(service->current);
	kern_admin_close(service->admin);
	sessions_wipe(&service->sessions);
	sd_event_unref(service->event);
	if (service->keylog >= 0)
		close(service->keylog);
}

/**
 * service_run - serve
 * @options: the command line
 *
 * Return: exit status.
 */
int service_run(const struct service_options *options)
{
	struct service service = {
		.options = *options,
		.keylog = -1,
		.started = (uint64_t)time(NULL),
	};
	int status = EXIT_FAILURE;

	if (!stats_init() || sd_event_new(&service.event) < 0) {
		log_error("out of memory");
		return EXIT_FAILURE;
	}
	if (set_up(&service)) {
		log_info("ready");
		sd_notify(0, "READY=1");
		status = sd_event_loop(service.event);
	}
	tear_down(&service);
	return status;
}

/**
 * service_check - is a configuration good?
 * @config: its path
 *
 * Return: exit status; what is wrong has been logged.
 */
int service_check(const char *config)
{
	struct generation *generation = generation_load(config);

	generation_end(generation);
	return generation ? EXIT_SUCCESS : EXIT_FAILURE;
}
