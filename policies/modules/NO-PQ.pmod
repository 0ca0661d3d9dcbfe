# Takes away every post-quantum algorithm, whether pure or hybrid.

# %suppress_experimental_value_warnings=true

group = -*MLKEM*

sign = -*SPHINCS* -*FALCON* -*MLDSA*

key_exchange = -SNTRUP -KEM-ECDH

# %suppress_experimental_value_warnings=false
