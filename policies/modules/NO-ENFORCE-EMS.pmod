# Lets TLS 1.2 peers without the extended master secret (RFC 7627) connect under FIPS.
#
# FIPS 140-3 requires it (implementation guidance D.Q): a system with this module is not compliant.

__ems = RELAX
