# Takes away SHA-1 as a hash and in signatures. DEFAULT no longer needs this module.

hash = -SHA1

sign = -*-SHA1

sha1_in_certs = 0

__openssl_block_sha1_signatures = 1
