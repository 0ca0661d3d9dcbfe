/** Options and requests of NBD at random: sensible ones, wrong ones, and bytes that are neither. */
import { BASE_ALLOCATION, NBD_CMD, NBD_OPT } from '../../src/nbd/protocol/constants.ts'
import { encodeInfoOption, encodeMetaContextOption } from '../../src/nbd/protocol/option-data.ts'
import { encodeOption } from '../../src/nbd/protocol/option-header.ts'
import type { Call } from '../nbd/server/raw-transmission.ts'
import type { Random } from './random.ts'

/** Numbers at which something changes. */
const EDGES = [0, 1, 2, 511, 512, 4095, 4096, 4097, 65_535, 65_536, 65_537, 262_144, 262_145]
const FAR = [2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]

/** Where numbers of JavaScript, signed and unsigned numbers of 64 bits come to their ends. */
const ENDS = [2n ** 53n, 2n ** 63n, 2n ** 64n]

export class RandomMessages {
  readonly #random: Random
  readonly #size: number

  /** @param size Of the export, in bytes. */
  constructor(random: Random, size: number) {
    this.#random = random
    this.#size = size
  }

  /** An option other than those that end the negotiation or begin TLS. */
  option(): Buffer {
    const random = this.#random
    const number = random.pick([3, 4, 6, 6, 8, 9, 9, 10, 10, 11, 12, 99, 0xffff_ffff])
    const data = this.#dataOf(number)
    if (random.below(8) > 0) return encodeOption(number, data)
    return encodeOption(number, data.subarray(0, random.below(data.length + 1)))
  }

  #dataOf(option: number): Buffer {
    const random = this.#random
    const name = random.pick(['', '', 'disk', 'none', 'x'.repeat(random.below(4096)), '\u{1f40e}'])
    switch (option) {
      case NBD_OPT.INFO: {
        const information = Array.from({ length: random.below(8) }, () => random.below(6))
        return encodeInfoOption({ name, information })
      }
      case NBD_OPT.LIST_META_CONTEXT:
      case NBD_OPT.SET_META_CONTEXT: {
        const list = ['base:', BASE_ALLOCATION, 'qemu:', '', 'x'.repeat(4096)]
        const queries = Array.from({ length: random.below(6) }, () => random.pick(list))
        return encodeMetaContextOption({ name, queries })
      }
      default:
        return random.below(6) === 0 ? this.bytes(random.pick(EDGES)) : Buffer.alloc(0)
    }
  }

  /** A request whose framing is right, whatever it asks for. */
  call(isExtended: boolean): Call {
    const random = this.#random
    const { READ, WRITE, BLOCK_STATUS } = NBD_CMD
    const command = random.pick([READ, READ, WRITE, WRITE, 3, 4, 5, 6, BLOCK_STATUS, 8, 0xffff])
    const flags = random.below(3) === 0 ? random.below(32) : random.below(2)
    const offset = random.below(10) === 0 ? this.#far() : random.below(this.#size)
    const hasPayload = command === WRITE || (isExtended && random.below(8) === 0)
    if (hasPayload) return { command, flags, offset, payload: this.bytes(this.#length()) }
    const limit = isExtended ? Number.MAX_SAFE_INTEGER : 2 ** 32 - 1
    const length = random.below(20) === 0 ? Math.min(limit, random.pick(FAR)) : this.#length()
    return { command, flags, offset, length }
  }

  #far(): number | bigint {
    const random = this.#random
    if (random.below(3) === 0) return random.pick(FAR)
    const around = random.pick(ENDS) - 1024n + BigInt(random.below(2048))
    return around < 2n ** 64n ? around : around - 2n ** 64n
  }

  #length(): number {
    const random = this.#random
    if (random.below(2000) === 0) return random.below(1 << 25)
    return random.below(12) === 0 ? random.pick(EDGES) : random.below(4096)
  }

  bytes(length: number): Buffer {
    return Buffer.alloc(length, this.#random.below(256))
  }

  /** Changes some bytes, takes some away, or adds some. */
  mutate(bytes: Buffer): Buffer {
    const random = this.#random
    const changed = Buffer.from(bytes)
    const at = random.below(changed.length + 1)
    switch (random.below(4)) {
      case 0:
        return changed.subarray(0, at)
      case 1:
        return Buffer.concat([
          changed.subarray(0, at),
          this.bytes(1 + random.below(40)),
          changed.subarray(at),
        ])
      default:
        for (let count = 1 + random.below(4); count > 0 && changed.length > 0; count--) {
          changed[random.below(changed.length)] = random.below(256)
        }
        return changed
    }
  }
}
