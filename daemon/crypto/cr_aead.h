/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Sealing what leaves our hands and is to come back: AES-256-GCM, with a nonce
 * of its own for every box.
 */
#ifndef TLSUP_CR_AEAD_H
#define TLSUP_CR_AEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nettle/aes.h>
#include <nettle/gcm.h>

#define CR_AEAD_KEY_SIZE	32
#define CR_AEAD_OVERHEAD	(GCM_IV_SIZE + GCM_DIGEST_SIZE)
/* Random nonces: so many boxes, and two are alike with less than 2^-32. */
#define CR_AEAD_BOXES_MAX	(UINT64_C(1) << 32)

/**
 * struct cr_aead_key - a key, ready for use; a secret all of it
 * @aes: the round keys
 * @gcm: the table of multiples
 */
struct cr_aead_key {
	struct aes256_ctx aes;
	struct gcm_key gcm;
};

void cr_aead_init(struct cr_aead_key *key, const uint8_t *bytes);
void cr_aead_seal(const struct cr_aead_key *key, const uint8_t *ad, size_t ad_len,
		  const uint8_t *plain, size_t len, uint8_t *box);
bool cr_aead_open(const struct cr_aead_key *key, const uint8_t *ad, size_t ad_len,
		  const uint8_t *box, size_t box_len, uint8_t *plain);

#endif /* TLSUP_CR_AEAD_H */
