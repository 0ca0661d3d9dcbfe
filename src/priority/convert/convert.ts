/** Says what a priority string allows in another library's words: the same set, or a subset. */
import type { AllowedTls, MinimumKeySizes } from '../../algorithms/allowed-tls.ts'
import { allowedTls, type Evaluation } from '../evaluate.ts'
import { type Dialect, type Omission, type Spoken, speak } from './dialect.ts'
import { GO, printGo } from './go.ts'
import { JAVA, printJava } from './java.ts'
import { NSS, narrowToNss, printNss } from './nss.ts'
import { OPENSSL, printNginx, printNode, printOpenssl } from './openssl.ts'

type Target = {
  readonly dialect: Dialect
  readonly print: (spoken: Spoken, sizes: MinimumKeySizes) => string
  /** What is left where the library's words allow more together than each of them. */
  readonly narrow?: (allowed: AllowedTls) => AllowedTls
}

const TARGETS = {
  openssl: { dialect: OPENSSL, print: printOpenssl },
  node: { dialect: OPENSSL, print: printNode },
  // Its versions are a list, so that they need not follow one another.
  nginx: { dialect: withoutContiguity(OPENSSL), print: printNginx },
  nss: { dialect: NSS, print: printNss, narrow: narrowToNss },
  java: { dialect: JAVA, print: printJava },
  go: { dialect: GO, print: printGo },
} as const satisfies Record<string, Target>

export type ConversionTarget = keyof typeof TARGETS

export type Conversion = {
  readonly text: string
  /** What the string allows and the text does not; nothing where both are the same set. */
  readonly omissions: readonly Omission[]
  /** What the library decides itself, so that it may allow more than the string. */
  readonly uncontrolled: readonly string[]
}

/** Converts an evaluation; what it allows over DTLS is left aside. */
export function convertPriority(evaluation: Evaluation, target: ConversionTarget): Conversion {
  const { dialect, print, narrow = (all) => all }: Target = TARGETS[target]
  const allowed = allowedTls(evaluation)
  const narrowed = narrow(allowed)
  const spoken = speak(narrowed, dialect)
  const { uncontrolled = [] } = dialect
  const omissions = [...spoken.omissions, ...omitted(allowed, narrowed)]
  return { text: print(spoken, allowed.minimumKeySizes), omissions, uncontrolled }
}

function omitted(allowed: AllowedTls, narrowed: AllowedTls): readonly Omission[] {
  const because = 'its words would allow others with it'
  const suites = allowed.suites.filter((suite) => !narrowed.suites.includes(suite))
  const schemes = allowed.signatureSchemes.filter((one) => !narrowed.signatureSchemes.includes(one))
  return [
    ...suites.map(({ name }): Omission => ({ kind: 'suite', name, because })),
    ...schemes.map(({ name }): Omission => ({ kind: 'signature scheme', name, because })),
  ]
}

function withoutContiguity({ version, suite, group, scheme }: Dialect): Dialect {
  return { version, suite, group, scheme }
}
