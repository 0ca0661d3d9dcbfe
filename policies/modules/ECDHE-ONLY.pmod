# Only elliptic curve key exchange, with certificates or pre-shared keys.

key_exchange = ECDHE ECDHE-PSK

group = -FFDHE-*
