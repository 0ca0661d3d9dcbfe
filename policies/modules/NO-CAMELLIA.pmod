# Takes the Camellia ciphers away.

cipher = -CAMELLIA-*
