/** What the tables of this folder say of one algorithm. */

/** How bad it is to enable an algorithm: `high` is broken, `medium` deprecated, `low` withdrawn. */
export type WeaknessSeverity = 'low' | 'medium' | 'high'

export type Weakness = {
  readonly severity: WeaknessSeverity
  /** The attack or the document that says so. */
  readonly because: string
}

export type Algorithm = {
  /** The name that policies use. */
  readonly name: string
  /** The code point or the name may still change; using it is worth a warning. */
  readonly experimental?: true
  readonly weakness?: Weakness
}
