/** Says what a priority string allows in another library's words: the same set, or a subset. */
import { allowedTls, type Evaluation } from '../evaluate.ts'
import { type Dialect, type Omission, type Spoken, speak } from './dialect.ts'
import { GO, printGo } from './go.ts'
import { JAVA, printJava } from './java.ts'
import { OPENSSL, printNginx, printNode, printOpenssl } from './openssl.ts'

type Target = { readonly dialect: Dialect; readonly print: (spoken: Spoken) => string }

const TARGETS = {
  openssl: { dialect: OPENSSL, print: printOpenssl },
  node: { dialect: OPENSSL, print: printNode },
  // Its versions are a list, so that they need not follow one another.
  nginx: { dialect: withoutContiguity(OPENSSL), print: printNginx },
  java: { dialect: JAVA, print: printJava },
  go: { dialect: GO, print: printGo },
} as const satisfies Record<string, Target>

export type ConversionTarget = keyof typeof TARGETS

/** What `--to` takes. */
export const CONVERSION_TARGETS = Object.keys(TARGETS) as readonly ConversionTarget[]

export type Conversion = {
  readonly text: string
  /** What the string allows and the text does not; nothing where both are the same set. */
  readonly omissions: readonly Omission[]
  /** What the library decides itself, so that it may allow more than the string. */
  readonly uncontrolled: readonly string[]
}

/** Converts an evaluation; what it allows over DTLS is left aside. */
export function convertPriority(evaluation: Evaluation, target: ConversionTarget): Conversion {
  const { dialect, print }: Target = TARGETS[target]
  const spoken = speak(allowedTls(evaluation), dialect)
  const { uncontrolled = [] } = dialect
  return { text: print(spoken), omissions: spoken.omissions, uncontrolled }
}

function withoutContiguity({ version, suite, group, scheme }: Dialect): Dialect {
  return { version, suite, group, scheme }
}
