// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The memory is a file without a name (memfd). What comes from another daemon
 * is checked as if it came from a stranger: what is cut short is left out.
 */
#include "store/state.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>


#define MAGIC		0x74737573	/* format 1 */
#define SIZE_MAX_BYTES	(1ULL << 30)

/** struct blob - before the bytes of each */
struct blob {
	uint32_t magic;
	uint32_t type;
	uint64_t len;
};

/**
 * struct state - blobs
 * @fd: the memory
 * @data: all of it, mapped; NULL while it is written
 * @size: of @data
 * @at: where the next blob is read
 */
struct state {
	int fd;
	uint8_t *data;
	size_t size;
	size_t at;
};

static struct state *make(int fd)
{
	struct state *state = fd >= 0 ? calloc(1, sizeof(*state)) : NULL;

	if (state)
		state->fd = fd;
	else if (fd >= 0)
		close(fd);
	return state;
}

/**
 * state_create - an empty one, to be written
 *
 * Return: to be destroyed by state_destroy(), or NULL without memory.
 */
struct state *state_create(void)
{
	return make(memfd_create("tlsup-state", MFD_CLOEXEC));
}

/**
 * state_open - one to be read
 * @fd: from state_fd() of another process; taken over
 *
 * Return: to be destroyed by state_destroy(), or NULL: there is nothing in it.
 */
struct state *state_open(int fd)
{
	struct state *state = make(fd);
	struct stat st;

	if (!state)
		return NULL;
	if (!fstat(fd, &st) && st.st_size > 0 && (uint64_t)st.st_size < SIZE_MAX_BYTES) {
		state->size = (size_t)st.st_size;
		state->data = mmap(NULL, state->size, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	if (state->data && state->data != MAP_FAILED)
		return state;
	state->data = NULL;
	state_destroy(state);
	return NULL;
}

/**
 * state_destroy - forget it; who else has its descriptor keeps it
 * @state: may be NULL
 */
void state_destroy(struct state *state)
{
	if (!state)
		return;
	if (state->data)
		munmap(state->data, state->size);
	close(state->fd);
	free(state);
}

/**
 * state_fd - what to pass on
 * @state: written
 *
 * Return: a descriptor; the state's own.
 */
int state_fd(const struct state *state)
{
	return state->fd;
}

/**
 * state_put - write a blob
 * @state: being written
 * @type: what it is
 * @data: its bytes
 * @len: how many
 *
 * Return: false without memory.
 */
bool state_put(struct state *state, enum state_type type, const void *data, size_t len)
{
	const struct blob blob = { MAGIC, (uint32_t)type, len };
	const struct iovec parts[] = {
		{ (void *)(uintptr_t)&blob, sizeof(blob) },
		{ (void *)(uintptr_t)data, len },
	};

	return writev(state->fd, parts, 2) == (ssize_t)(sizeof(blob) + len);
}

/**
 * state_next - read the next blob
 * @state: opened
 * @type: out: what it is; may be one that is not known
 * @data: out: its bytes; they live as long as @state
 * @len: out: how many
 *
 * Return: false when there is none.
 */
bool state_next(struct state *state, enum state_type *type, const uint8_t **data,
		size_t *len)
{
	size_t left = state->size - state->at;
	struct blob blob;

	if (left < sizeof(blob))
		return false;
	memcpy(&blob, state->data + state->at, sizeof(blob));
	if (blob.magic != MAGIC || blob.len > left - sizeof(blob))
		return false;
	*type = (enum state_type)blob.type;
	*data = state->data + state->at + sizeof(blob);
	*len = (size_t)blob.len;
	state->at += sizeof(blob) + (size_t)blob.len;
	return true;
}

/**
 * state_rewind - read from the start again
 * @state: opened
 */
void state_rewind(struct state *state)
{
	state->at = 0;
}
