/** Poly1305 for one packet that holds no secret: RFC 8439, section 2.5. Node.js has it within ChaCha20-Poly1305 only. */

const PRIME = (1n << 130n) - 5n
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn
const BLOCK_SIZE = 16

/** @param key 32 bytes, for this message alone. */
export function poly1305(message: Buffer, key: Buffer): Buffer {
  const factor = littleEndian(key.subarray(0, BLOCK_SIZE)) & CLAMP
  let sum = 0n
  for (let at = 0; at < message.length; at += BLOCK_SIZE) {
    const block = message.subarray(at, at + BLOCK_SIZE)
    const number = littleEndian(block) + (1n << BigInt(8 * block.length))
    sum = ((sum + number) * factor) % PRIME
  }
  const code = (sum + littleEndian(key.subarray(BLOCK_SIZE))) & ((1n << 128n) - 1n)
  return Buffer.from(code.toString(16).padStart(32, '0'), 'hex').reverse()
}

function littleEndian(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}
