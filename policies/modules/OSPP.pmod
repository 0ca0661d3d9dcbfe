# Narrows FIPS to the Common Criteria protection profile for operating systems.
#
# 256-bit AES, curves P-384 and P-521, 3072-bit keys, no SHA-1 in HMAC, no SSH certificates and, for
# want of certified use, neither TLS 1.3 nor post-quantum algorithms.

mac = -HMAC-SHA1

group = -MLKEM768-X25519 -P256-MLKEM768 -P384-MLKEM1024 -SECP256R1 -FFDHE-2048

hash = -SHA2-224 -SHA3-*

sign = -MLDSA44 -MLDSA65 -MLDSA87 -ECDSA-SHA2-224 -ECDSA-SHA2-256 -RSA-PSS-SHA2-224 \
    -RSA-SHA2-224

cipher = -AES-*-CCM -AES-128-*

cipher@!{ssh,tls} = -AES-*-CTR

key_exchange = -KEM-ECDH

ssh_certs = 0

etm@ssh = DISABLE_ETM

protocol@TLS = -TLS1.3

min_dh_size = 3072

min_rsa_size = 3072

arbitrary_dh_groups = 0
