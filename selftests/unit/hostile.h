/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Messages changed on their way between two engines.
 */
#ifndef TLSUP_HOSTILE_H
#define TLSUP_HOSTILE_H

#include "pair.h"

#define HEADER	4
#define HOSTILE_MESSAGE_MAX	4096

/**
 * struct place - where a message is found
 * @name: the standard's
 * @from: its sender
 * @record: which record of the sender's, ChangeCipherSpec not counted
 * @message: which message in it
 */
struct place {
	const char *name;
	enum hs_role from;
	int record;
	int message;
};

enum deed { CUT, STRETCH, TWICE, LEAVE_OUT, SWAP, FLIP, TRAIL, EPOCH, RETYPE, COPY, INSERT, LENGTHEN };

/**
 * struct plan - what is done to a message
 * @place: which
 * @deed: what
 * @at: bytes to cut, byte to flip, HandshakeType to set
 * @protected_epoch: for EPOCH: that of protected records
 * @seen: records by role
 * @done: it has been
 * @len: of the message, for the caller's loop
 * @message: COPY: where the message is left; INSERT: what goes before it
 * @message_len: its length
 */
struct plan {
	const struct place *place;
	enum deed deed;
	size_t at;
	enum hs_epoch protected_epoch;
	int seen[3];
	bool done;
	size_t len;
	uint8_t message[HOSTILE_MESSAGE_MAX];
	size_t message_len;
};

void hostile_set_len(uint8_t *m, size_t body);
void hostile_attach(struct pair *pair, struct plan *plan);
const struct side *hostile_victim(const struct pair *pair, const struct plan *plan);
bool hostile_failed(const struct pair *pair, const struct plan *plan, int alert);

#define EXPECT_FAILED(pair, plan, wanted) \
	ASSERT_TRUE(hostile_failed(&(pair), &(plan), wanted)) \
		TH_LOG("%s, at %zu: %d failures, alert %d, %s", (plan).place->name, \
		       (plan).at, hostile_victim(&(pair), &(plan))->fails, \
		       hostile_victim(&(pair), &(plan))->failure.alert, \
		       hostile_victim(&(pair), &(plan))->failure.reason ?: "-")

#endif /* TLSUP_HOSTILE_H */
