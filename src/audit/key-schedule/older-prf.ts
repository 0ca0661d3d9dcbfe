/** The pseudorandom function of TLS 1.0 to 1.2: RFC 5246 section 5, RFC 2246 section 5. */
import { createHash, createHmac } from 'node:crypto'

/** What the function and the hash of the handshake are made of: both hashes together before TLS 1.2. */
export type PrfName = 'md5-sha1' | 'sha256' | 'sha384'

export function pseudoRandom(
  prf: PrfName,
  secret: Buffer,
  label: string,
  seed: Buffer,
  length: number,
): Buffer {
  const labelled = Buffer.concat([Buffer.from(label, 'latin1'), seed])
  if (prf !== 'md5-sha1') return expand(prf, secret, labelled, length)
  const half = Math.ceil(secret.length / 2)
  const md5 = expand('md5', secret.subarray(0, half), labelled, length)
  const sha1 = expand('sha1', secret.subarray(secret.length - half), labelled, length)
  return Buffer.from(md5.map((byte, at) => byte ^ sha1.readUInt8(at)))
}

/** P_hash. */
function expand(hash: string, secret: Buffer, seed: Buffer, length: number): Buffer {
  const hmac = (bytes: Buffer) => createHmac(hash, secret).update(bytes).digest()
  const parts: Buffer[] = []
  let chain = seed
  for (let have = 0; have < length; have += chain.length) {
    chain = hmac(chain)
    parts.push(hmac(Buffer.concat([chain, seed])))
  }
  return Buffer.concat(parts).subarray(0, length)
}

/** @param messages All messages of the handshake so far. */
export function handshakeHash(prf: PrfName, messages: Buffer): Buffer {
  const hashed = (hash: string) => createHash(hash).update(messages).digest()
  if (prf !== 'md5-sha1') return hashed(prf)
  return Buffer.concat([hashed('md5'), hashed('sha1')])
}
