/** What policies call what a ClientHello offers, by wire numbers and by the words of suites. */

/** Key exchanges of suites; other words are the same in policies. */
export const KEY_EXCHANGE_NAMES: Readonly<Record<string, string>> = {
  'ECDHE-RSA': 'ECDHE',
  'ECDHE-ECDSA': 'ECDHE',
  'ANON-DH': 'ANON',
  'ANON-ECDH': 'ANON',
  'VKO-GOST-12': 'VKO-GOST-2012',
}

export const CIPHER_NAMES: Readonly<Record<string, string>> = { 'ARCFOUR-128': 'RC4-128' }

export const MAC_NAMES: Readonly<Record<string, string>> = {
  SHA1: 'HMAC-SHA1',
  SHA256: 'HMAC-SHA2-256',
  SHA384: 'HMAC-SHA2-384',
  MD5: 'HMAC-MD5',
}

export const HASH_NAMES: Readonly<Record<string, string>> = {
  SHA256: 'SHA2-256',
  SHA384: 'SHA2-384',
}

/** The registry "TLS Supported Groups"; policies have no names for the others that are offered. */
export const GROUP_NAMES: Readonly<Record<number, string>> = {
  ...{ 23: 'SECP256R1', 24: 'SECP384R1', 25: 'SECP521R1', 29: 'X25519', 30: 'X448' },
  ...{ 26: 'BRAINPOOL-P256R1', 27: 'BRAINPOOL-P384R1', 28: 'BRAINPOOL-P512R1' },
  ...{ 31: 'BRAINPOOL-P256R1', 32: 'BRAINPOOL-P384R1', 33: 'BRAINPOOL-P512R1' },
  ...{ 256: 'FFDHE-2048', 257: 'FFDHE-3072', 258: 'FFDHE-4096' },
  ...{ 259: 'FFDHE-6144', 260: 'FFDHE-8192' },
  ...{ 512: 'MLKEM512', 513: 'MLKEM768', 514: 'MLKEM1024' },
  ...{ 4587: 'P256-MLKEM768', 4588: 'MLKEM768-X25519', 4589: 'P384-MLKEM1024' },
}

/** The registry "TLS SignatureScheme", and pairs of hash and key of RFC 5246. */
export const SIGNATURE_NAMES: Readonly<Record<number, string>> = {
  ...{ 257: 'RSA-MD5' },
  ...{ 513: 'RSA-SHA1', 514: 'DSA-SHA1', 515: 'ECDSA-SHA1' },
  ...{ 769: 'RSA-SHA2-224', 770: 'DSA-SHA2-224', 771: 'ECDSA-SHA2-224' },
  ...{ 1025: 'RSA-SHA2-256', 1026: 'DSA-SHA2-256', 1027: 'ECDSA-SHA2-256' },
  ...{ 1281: 'RSA-SHA2-384', 1282: 'DSA-SHA2-384', 1283: 'ECDSA-SHA2-384' },
  ...{ 1537: 'RSA-SHA2-512', 1538: 'DSA-SHA2-512', 1539: 'ECDSA-SHA2-512' },
  ...{ 2052: 'RSA-PSS-RSAE-SHA2-256', 2053: 'RSA-PSS-RSAE-SHA2-384' },
  ...{ 2054: 'RSA-PSS-RSAE-SHA2-512', 2055: 'EDDSA-ED25519', 2056: 'EDDSA-ED448' },
  ...{ 2057: 'RSA-PSS-SHA2-256', 2058: 'RSA-PSS-SHA2-384', 2059: 'RSA-PSS-SHA2-512' },
  ...{ 2074: 'ECDSA-BRAINPOOLP256-SHA2-256', 2075: 'ECDSA-BRAINPOOLP384-SHA2-384' },
  ...{ 2076: 'ECDSA-BRAINPOOLP512-SHA2-512' },
  ...{ 2308: 'MLDSA44', 2309: 'MLDSA65', 2310: 'MLDSA87' },
}
