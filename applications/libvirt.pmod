# libvirt's connections between hosts: virsh and other clients to libvirtd, and migration that libvirt
# tunnels. Both ends are hosts of one installation, so that nothing has to be kept for old peers.
#
# %keyword=LIBVIRT
# %back_ends=gnutls
# %enabled_by_default=false
#
# Each line takes something away from the system policy, and adds nothing: whatever policy is in force,
# libvirt never allows more than that.

# TLS 1.2 stays for hosts whose GnuTLS is older than 3.6.5. All before it has no authenticated encryption.
protocol@TLS = -TLS1.1 -TLS1.0 -SSL3.0 -SSL2.0 -DTLS*

# Forward secrecy: who records the connection of today and steals the key of the host tomorrow reads
# nothing. Exchanges by the server's RSA key do not have it.
key_exchange@TLS = -RSA -RSA-PSK -PSK -DHE-DSS -DH -ECDH -ANON -EXPORT -VKO-GOST-*

# Authenticated encryption alone: ciphers in CBC mode, whose padding has been attacked again and again,
# and RC4 go with their MACs.
mac@TLS = -HMAC-* -UMAC-* -GOST28147-* -MAGMA-* -KUZNYECHIK-*
cipher@TLS = -*-CBC -RC4-128 -NULL

# No signature with SHA-1: collisions are made for a few thousand dollars.
hash@TLS = -SHA1 -MD5
sign@TLS = -*-SHA1 -*-MD5
sha1_in_certs@TLS = 0
