# For Active Directory domains whose accounts or trusts have no AES keys yet.
#
# Kerberos gets RC4 back, which needs MD5 as well (RFC 4757). Remove it once the domain has AES keys.

cipher@kerberos = RC4-128+

hash@kerberos = MD5+
