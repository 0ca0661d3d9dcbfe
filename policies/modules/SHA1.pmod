# Brings SHA-1 back as a hash and in signatures.
#
# Collisions are practical: use it for the time it takes to replace the last SHA-1 certificate.

hash = SHA1+

sign = ECDSA-SHA1+ RSA-PSS-SHA1+ RSA-SHA1+

sha1_in_certs = 1

__openssl_block_sha1_signatures = 0
