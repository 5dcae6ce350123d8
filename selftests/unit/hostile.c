// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "hostile.h"

#include <string.h>

static size_t message_len(const uint8_t *m)
{
	return HEADER + ((size_t)m[1] << 16 | (size_t)m[2] << 8 | m[3]);
}

/** hostile_set_len - write the length of a message's body into its header */
void hostile_set_len(uint8_t *m, size_t body)
{
	m[1] = (uint8_t)(body >> 16);
	m[2] = (uint8_t)(body >> 8);
	m[3] = (uint8_t)body;
}

/* Put @len bytes of @with in place of @old bytes at @at. */
static void splice(struct record *r, size_t at, size_t old, const uint8_t *with,
		   size_t len)
{
	memmove(r->data + at + len, r->data + at + old, r->len - at - old);
	memcpy(r->data + at, with, len);
	r->len += len - old;
}

static void act(struct plan *plan, struct record *r, size_t at)
{
	static uint8_t copy[2 * PAIR_RECORD_MAX];
	size_t len = message_len(r->data + at), next;

	plan->len = len;
	switch (plan->deed) {
	case CUT:
		hostile_set_len(r->data + at, len - HEADER - plan->at);
		splice(r, at + len - plan->at, plan->at, copy, 0);
		break;
	case STRETCH:
		hostile_set_len(r->data + at, len - HEADER + 1);
		splice(r, at + len, 0, (const uint8_t *)"", 1);
		break;
	case TWICE:
		memcpy(copy, r->data + at, len);
		splice(r, at, 0, copy, len);
		break;
	case LEAVE_OUT:
		splice(r, at, len, copy, 0);
		break;
	case SWAP:
		if (at + len >= r->len) {
			plan->done = false;
			return;
		}
		next = message_len(r->data + at + len);
		memcpy(copy, r->data + at + len, next);
		memcpy(copy + next, r->data + at, len);
		memcpy(r->data + at, copy, len + next);
		break;
	case FLIP:
		r->data[at + plan->at] ^= (uint8_t)(1 << plan->at % 8);
		break;
	case RETYPE:
		r->data[at] = (uint8_t)plan->at;
		break;
	case TRAIL:
		splice(r, r->len, 0, (const uint8_t *)"\x14", 1);
		break;
	case LENGTHEN:
		hostile_set_len(r->data + at, HS_MESSAGE_MAX_CLIENT + 1);
		break;
	case COPY:
		plan->message_len = len;
		memcpy(plan->message, r->data + at, len);
		break;
	case INSERT:
		splice(r, at, 0, plan->message, plan->message_len);
		break;
	case EPOCH:
		r->epoch = r->epoch ? HS_EPOCH_PLAINTEXT : plan->protected_epoch;
		break;
	}
}

static bool tamper(void *context, const struct side *from, struct record *r)
{
	struct plan *plan = context;
	size_t at = 0;

	if (from->role != plan->place->from ||
	    plan->seen[from->role]++ != plan->place->record)
		return true;
	for (int i = 0; i < plan->place->message; i++)
		at += message_len(r->data + at);
	plan->done = true;
	act(plan, r, at);
	return r->len;
}

/** hostile_attach - do it to this pair; once in a run */
void hostile_attach(struct pair *pair, struct plan *plan)
{
	pair->tamper = tamper;
	pair->context = plan;
	plan->seen[HS_CLIENT] = 0;
	plan->seen[HS_SERVER] = 0;
	plan->done = false;
}

/** hostile_victim - who receives it */
const struct side *hostile_victim(const struct pair *pair, const struct plan *plan)
{
	return plan->place->from == HS_CLIENT ? &pair->server : &pair->client;
}

/** hostile_failed - it has failed once, with this alert (or any, if negative) */
bool hostile_failed(const struct pair *pair, const struct plan *plan, int alert)
{
	const struct side *side = hostile_victim(pair, plan);

	return side->fails == 1 && !side->dones &&
	       (alert < 0 || side->failure.alert == alert);
}
