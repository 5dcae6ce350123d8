// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A key is a PEM file, which may be encrypted, or stays in a token (PKCS#11)
 * and is named by a URI (RFC 7512). The password or PIN is a credential that
 * systemd hands over: a file in a folder of this service alone.
 */
#include "x509/x509_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/pkcs11.h>
#include <gnutls/x509.h>

#include "crypto/cr_rand.h"
#include "lib/secret.h"
#include "x509/x509_int.h"

#define KEY_FILE_MAX	65536
#define PASSWORD_MAX	512

struct x509_key {
	gnutls_privkey_t key;
};

/** struct file - what a file of secrets holds; one NUL byte follows */
struct file {
	uint8_t *data;
	size_t len;
	size_t size;
};

static void forget(struct file *file)
{
	if (file->data)
		secret_free(file->data, file->size);
	*file = (struct file){ 0 };
}

/* A key that others can read is no secret, nor one whose owner may change it. */
static int check_mode(int fd, const char *name, char *error)
{
	struct stat st;

	if (fstat(fd, &st)) {
		snprintf(error, X509_ERROR_MAX, "%s: %s", name, strerror(errno));
		return -1;
	}
	if (st.st_mode & (S_IRWXG | S_IRWXO)) {
		snprintf(error, X509_ERROR_MAX,
			 "%s: others can read this key: chmod 600 %s", name, name);
		return -1;
	}
	if (st.st_uid && st.st_uid != geteuid()) {
		snprintf(error, X509_ERROR_MAX,
			 "%s: this key belongs to somebody else: chown root %s",
			 name, name);
		return -1;
	}
	return 0;
}

static int read_all(int fd, struct file *file, size_t size)
{
	ssize_t n = 1;

	*file = (struct file){ .data = secret_alloc(size), .size = size };
	while (file->data && n > 0 && file->len < size - 1) {
		n = read(fd, file->data + file->len, size - 1 - file->len);
		file->len += n > 0 ? (size_t)n : 0;
	}
	return file->data && !n ? 0 : -1;
}

static int read_file(const char *name, bool check, struct file *file, size_t size,
		     char *error)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int err;

	if (fd < 0) {
		snprintf(error, X509_ERROR_MAX, "%s: %s", name, strerror(errno));
		return -1;
	}
	err = check ? check_mode(fd, name, error) : 0;
	if (!err) {
		err = read_all(fd, file, size);
		if (err)
			snprintf(error, X509_ERROR_MAX,
				 "%s: cannot be read, or is too long", name);
	}
	close(fd);
	return err;
}

static int read_credential(const char *credential, struct file *password, char *error)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char path[4096];

	if (!credential)
		return 0;
	if (!folder || !*credential || strchr(credential, '/')) {
		snprintf(error, X509_ERROR_MAX, "credential \"%s\": %s", credential,
			 folder ? "expected a name without \"/\"" :
				  "there are none: CREDENTIALS_DIRECTORY is not set, see LoadCredential= in systemd.exec(5)");
		return -1;
	}
	snprintf(path, sizeof(path), "%s/%s", folder, credential);
	if (read_file(path, false, password, PASSWORD_MAX, error))
		return -1;
	if (password->len && password->data[password->len - 1] == '\n')
		password->data[--password->len] = '\0';
	return 0;
}

static int import_pem(gnutls_privkey_t key, const char *name, const char *password,
		      char *error)
{
	struct file file = { 0 };
	gnutls_datum_t pem;
	int err;

	if (read_file(name, true, &file, KEY_FILE_MAX, error)) {
		forget(&file);
		return -1;
	}
	pem = (gnutls_datum_t){ file.data, (unsigned int)file.len };
	err = gnutls_privkey_import_x509_raw(key, &pem, GNUTLS_X509_FMT_PEM,
					     password, 0);
	forget(&file);
	if (err >= 0)
		return 0;
	if (err == GNUTLS_E_DECRYPTION_FAILED)
		snprintf(error, X509_ERROR_MAX, "%s: the key is encrypted, %s", name,
			 password ? "and not with this password" :
				    "expected key_credential to name its password");
	else
		snprintf(error, X509_ERROR_MAX, "%s: not a private key: %s", name,
			 gnutls_strerror(err));
	return -1;
}

static int give_pin(void *pin, int attempt, const char *url, const char *label,
		    unsigned int flags, char *out, size_t size)
{
	(void)url;
	(void)label;
	/* A second try with the same PIN could only lock the token. */
	if (!pin || attempt || (flags & GNUTLS_PIN_WRONG))
		return GNUTLS_E_PKCS11_PIN_ERROR;
	return snprintf(out, size, "%s", (const char *)pin) < (int)size ?
	       0 : GNUTLS_E_PKCS11_PIN_ERROR;
}

static int import_token(gnutls_privkey_t key, const char *name, char *pin, char *error)
{
	int err;

	gnutls_pkcs11_set_pin_function(give_pin, pin);
	gnutls_privkey_set_pin_function(key, give_pin, pin);
	err = gnutls_privkey_import_url(key, name, 0);
	if (err >= 0)
		return 0;
	snprintf(error, X509_ERROR_MAX, "%s: no such key in a token: %s", name,
		 gnutls_strerror(err));
	return -1;
}

/**
 * x509_key_is_token - does a key's name mean a token?
 * @name: as the configuration has it
 *
 * Return: whether it is a URI (RFC 7512), else it is a path.
 */
bool x509_key_is_token(const char *name)
{
	return !strncmp(name, "pkcs11:", strlen("pkcs11:"));
}

/**
 * x509_key_load - load a private key
 * @name: path of a PEM file, to be read by its owner only, or a URI
 * @credential: name of the systemd credential that is its password or PIN;
 *	NULL: none
 * @error: on failure, one line that names the file
 *
 * Return: the key, or NULL.
 */
struct x509_key *x509_key_load(const char *name, const char *credential,
			       char error[X509_ERROR_MAX])
{
	struct x509_key *key = calloc(1, sizeof(*key));
	struct file password = { 0 };
	int err = -1;

	if (!key || gnutls_privkey_init(&key->key) < 0)
		snprintf(error, X509_ERROR_MAX, "out of memory");
	else if (!read_credential(credential, &password, error))
		err = x509_key_is_token(name) ?
		      import_token(key->key, name, (char *)password.data, error) :
		      import_pem(key->key, name, (char *)password.data, error);
	/* A token may be asked for its PIN again at any time. */
	if (err || !x509_key_is_token(name))
		forget(&password);
	if (!err)
		return key;
	x509_key_free(key);
	return NULL;
}

/**
 * x509_key_free - free a key
 * @key: may be NULL
 */
void x509_key_free(struct x509_key *key)
{
	if (!key)
		return;
	if (key->key)
		gnutls_privkey_deinit(key->key);
	free(key);
}

/**
 * x509_key_id - what its certificate is known by
 * @key: the key
 * @id: out: SHA-256 of the public key
 *
 * Return: false if the token does not tell its public key.
 */
bool x509_key_id(const struct x509_key *key, uint8_t id[X509_KEY_ID_SIZE])
{
	size_t len = X509_KEY_ID_SIZE;
	gnutls_pubkey_t pub;
	int err;

	if (gnutls_pubkey_init(&pub) < 0)
		return false;
	err = gnutls_pubkey_import_privkey(pub, key->key, 0, 0);
	if (err >= 0)
		err = gnutls_pubkey_get_key_id(pub, GNUTLS_KEYID_USE_SHA256, id, &len);
	gnutls_pubkey_deinit(pub);
	return err >= 0;
}

/**
 * x509_key_sign - sign
 * @key: the key
 * @scheme: SignatureScheme, one that the key can make
 * @content: to be signed
 * @signature: out
 * @size: its size
 *
 * Return: length of the signature, 0 on failure.
 */
size_t x509_key_sign(const struct x509_key *key, uint16_t scheme,
		     struct hs_bytes content, uint8_t *signature, size_t size)
{
	const struct x509_scheme *row = x509_scheme_find(scheme);
	const gnutls_datum_t data = { (unsigned char *)(uintptr_t)content.data,
				      (unsigned int)content.len };
	gnutls_datum_t out = { 0 };
	size_t len = 0;

	if (!row || gnutls_privkey_sign_data2(key->key, row->sign, 0, &data, &out) < 0)
		return 0;
	if (out.size <= size) {
		memcpy(signature, out.data, out.size);
		len = out.size;
	}
	gnutls_free(out.data);
	return len;
}

/**
 * x509_key_decrypt - decrypt a premaster secret
 * @key: the key, of RSA
 * @ciphertext: as it came
 * @premaster: out; random if the ciphertext is not good, and nothing tells
 *	which of the two it is (RFC 5246, 7.4.7.1)
 */
void x509_key_decrypt(const struct x509_key *key, struct hs_bytes ciphertext,
		      uint8_t premaster[X509_PREMASTER_SIZE])
{
	const gnutls_datum_t data = { (unsigned char *)(uintptr_t)ciphertext.data,
				      (unsigned int)ciphertext.len };

	/* It leaves what is there, in constant time, if it fails. */
	cr_random(premaster, X509_PREMASTER_SIZE);
	(void)!gnutls_privkey_decrypt_data2(key->key, 0, &data, premaster,
					    X509_PREMASTER_SIZE);
}
