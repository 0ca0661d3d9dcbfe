/** One difference between two streams. */

/** What the second QEMU does about a difference. */
export type Consequence = 'refuses' | 'may refuse' | 'takes'

export type Difference = {
  readonly kind: 'machine' | 'page size' | 'capability' | 'uuid' | 'block' | 'device' | 'field'
  readonly subject: string
  /** What the first and the second stream have; undefined for nothing. */
  readonly first: string | undefined
  readonly second: string | undefined
  readonly consequence: Consequence
}
