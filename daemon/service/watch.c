// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Folders are watched, not files: what renews certificates puts new files or
 * new symbolic links in the place of the old. A change is told a moment later,
 * when the key that belongs to the certificate has come as well.
 */
#include "service/watch.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>

#include "log.h"

#define SETTLE_US	(500 * 1000)
#define EVENTS		(IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR)

/** struct watched - a folder, and a name in it that counts */
struct watched {
	struct watched *next;
	char *folder;
	char *name;
	sd_event_source *source;	/* NULL: another has the same folder */
};

/**
 * struct watch - all of them
 * @event: the loop
 * @list: what is watched
 * @timer: runs when something has changed
 * @changed: to be called
 * @owner: for @changed
 */
struct watch {
	sd_event *event;
	struct watched *list;
	sd_event_source *timer;
	void (*changed)(void *owner);
	void *owner;
};

static int on_settled(sd_event_source *source, uint64_t now, void *arg)
{
	struct watch *watch = arg;

	(void)source;
	(void)now;
	watch->timer = sd_event_source_disable_unref(watch->timer);
	watch->changed(watch->owner);
	return 0;
}

static int on_event(sd_event_source *source, const struct inotify_event *event, void *arg)
{
	struct watch *watch = arg;
	const struct watched *item;

	(void)source;
	for (item = watch->list; item; item = item->next)
		if (event->len && !strcmp(item->name, event->name))
			break;
	if (!item)
		return 0;
	/* The last of several changes counts. */
	watch->timer = sd_event_source_disable_unref(watch->timer);
	return sd_event_add_time_relative(watch->event, &watch->timer, CLOCK_MONOTONIC,
					  SETTLE_US, 0, on_settled, watch);
}

/**
 * watch_create - watch nothing yet
 * @event: the loop
 * @changed: called when something has changed
 * @owner: for @changed
 *
 * Return: to be destroyed by watch_destroy(), or NULL without memory.
 */
struct watch *watch_create(sd_event *event, void (*changed)(void *owner), void *owner)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (watch)
		*watch = (struct watch){ .event = event, .changed = changed,
					 .owner = owner };
	return watch;
}

static void clear(struct watch *watch)
{
	struct watched *item;

	while ((item = watch->list)) {
		watch->list = item->next;
		sd_event_source_disable_unref(item->source);
		free(item->folder);
		free(item->name);
		free(item);
	}
}

static bool is_watched(const struct watch *watch, const char *folder)
{
	for (const struct watched *item = watch->list; item; item = item->next)
		if (item->source && !strcmp(item->folder, folder))
			return true;
	return false;
}

static void add(struct watch *watch, const char *path)
{
	struct watched *item = calloc(1, sizeof(*item));
	char *first = strdup(path), *second = strdup(path);
	int err = -ENOMEM;

	if (item && first && second) {
		item->folder = strdup(dirname(first));
		item->name = strdup(basename(second));
	}
	free(first);
	free(second);
	if (!item || !item->folder || !item->name)
		goto fail;
	err = is_watched(watch, item->folder) ? 0 :
	      sd_event_add_inotify(watch->event, &item->source, item->folder, EVENTS,
				   on_event, watch);
	if (err >= 0) {
		item->next = watch->list;
		watch->list = item;
		return;
	}
fail:
	log_warning("%s: its changes will not be seen: %s", path, strerror(-err));
	if (item) {
		free(item->folder);
		free(item->name);
	}
	free(item);
}

/* The name, and what it leads to if it is a symbolic link. */
static void add_file(struct watch *watch, const char *path)
{
	char *target;

	add(watch, path);
	target = realpath(path, NULL);
	if (target && strcmp(target, path))
		add(watch, target);
	free(target);
}

/**
 * watch_renew - watch what a configuration names
 * @watch: may be NULL
 * @config: replaces what was watched before
 */
void watch_renew(struct watch *watch, const struct config *config)
{
	if (!watch)
		return;
	clear(watch);
	for (size_t i = 0; i < config->files.len; i++)
		add_file(watch, config->files.paths[i]);
}

/**
 * watch_destroy - watch nothing any more
 * @watch: may be NULL
 */
void watch_destroy(struct watch *watch)
{
	if (!watch)
		return;
	clear(watch);
	sd_event_source_disable_unref(watch->timer);
	free(watch);
}
