// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * One loop over signals, files that change, those who ask, and generations.
 */
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>


#include "log.h"

#include "stats.h"
#include "watch.h"

#define STOP_MS		2000
#define RESTART_US	(1000 * 1000)

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

static struct generation *load_and_start(struct service *service)
{
	struct generation *generation = generation_load(service->options.config);

	if (!generation)
		return NULL;
	if (!service->current)
		service->keylog = open_keylog(generation->config, service->options.keylog);
	if (generation_start(generation, service->keylog) && attend(service, generation))
		return generation;
	forget(generation);
	return NULL;
}

/**
 * service_reload - read the configuration again, and all that it names
 * @service: serves
 *
 * Return: whether the new one is in force; if not, the old one is.
 */
bool service_reload(struct service *service)
{
	struct generation *generation;

	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   (unsigned long long)stats_now_us());
	generation = load_and_start(service);
	stats_add(&stats->reloads[generation ? 0 : 1], 1);
	if (generation) {
		generation_drain(service->current);
		service->current->next = service->old;
		service->old = service->current;
		service->current = generation;
		watch_renew(service->watch, generation->config);
		log_info("reloaded");
	} else {
		log_error("not reloaded: the configuration that was in force stays so");
	}
	sd_notify(0, "READY=1");
	return generation;
}

static int on_restart(sd_event_source *source, uint64_t now, void *arg)
{
	struct service *service = arg;

	(void)now;
	sd_event_source_disable_unref(source);
	service_reload(service);
	return 0;
}

/* Its handshakes are lost, but those that nobody has begun wait. */
static void revive(struct service *service)
{
	sd_event_source *source;

	log_error("the workers have died; starting others");
	sd_event_source_set_enabled(service->current->channel_source, SD_EVENT_OFF);
	if (sd_event_add_time_relative(service->event, &source, CLOCK_MONOTONIC,
				       RESTART_US, 0, on_restart, service) < 0)
		sd_event_exit(service->event, EXIT_FAILURE);
}

/* Workers say nothing more once they are ready: they have gone. */
static int on_channel(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct service *service = arg;
	struct generation **link = &service->old, *generation;

	(void)events;
	if (source == service->current->channel_source) {
		revive(service);
		return 0;
	}
	while ((generation = *link) && generation->channel != fd)
		link = &generation->next;
	if (generation) {
		*link = generation->next;
		forget(generation);
	}
	return 0;
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info,
		   void *arg)
{
	(void)source;
	(void)arg;
	log_info("ends: %s", strsignal((int)info->ssi_signo));
	return sd_event_exit(sd_event_source_get_event(source), EXIT_SUCCESS);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info,
		     void *arg)
{
	struct service *service = arg;

	(void)source;
	(void)info;
	service_reload(service);
	return 0;
}

static void on_change(void *owner)
{
	struct service *service = owner;

	log_info("a certificate, key or authority has changed");
	service_reload(service);
}

static bool set_up(struct service *service)
{
	service->current = load_and_start(service);
	if (!service->current)
		return false;
	service->watch = watch_create(service->event, on_change, service);
	watch_renew(service->watch, service->current->config);
	return sd_event_add_signal(service->event, NULL, SIGTERM, on_stop, service) >= 0 &&
	       sd_event_add_signal(service->event, NULL, SIGINT, on_stop, service) >= 0 &&
	       sd_event_add_signal(service->event, NULL, SIGHUP, on_hangup, service) >= 0 &&
	       sd_event_set_watchdog(service->event, true) >= 0;
}

/* A handshake that is under way is finished; the next daemon gets the rest. */
static void finish(struct service *service)
{
	struct generation *generation;

	if (service->current) {
		generation_drain(service->current);
		service->current->next = service->old;
		service->old = service->current;
	}
	for (uint64_t end = stats_now_us() / 1000 + STOP_MS; service->old;) {
		uint64_t now = stats_now_us() / 1000;

		generation = service->old;
		generation_is_over(generation, now < end ? (int)(end - now) : 0);
		service->old = generation->next;
		forget(generation);
	}
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
		sd_notify(0, "STOPPING=1");
	}
	watch_destroy(service.watch);
	finish(&service);
	sd_event_unref(service.event);
	if (service.keylog >= 0)
		close(service.keylog);
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
