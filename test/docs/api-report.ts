/**
 * What programs can import, with its signatures: a page for each part of the library, made from the
 * declarations that are built.
 *
 * `npm run docs:api` writes them to docs/api. A change there is a change for the programs that use it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const TYPES = join(ROOT, 'dist', 'types')

/** The parts, as `cryptopolicy/PART`. */
export const PARTS = [
  'chardev',
  'convert',
  'nbd',
  'pki',
  'policy',
  'priority',
  'qmp',
  'tls',
] as const

export type Part = (typeof PARTS)[number]

export const reportFile = (part: Part): string => join(ROOT, 'docs', 'api', `${part}.api.md`)

/** Declarations by the names that a file exports. */
type Declarations = ReadonlyMap<string, string>

export function renderReport(part: Part): string {
  const declarations = [...exportsOf(join(TYPES, 'library', `${part}.d.ts`))]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, text]) => text)
  return [
    `# API of cryptopolicy/${part}`,
    '',
    'Written by `npm run docs:api`; do not edit it.',
    '',
    '```ts',
    declarations.join('\n\n'),
    '```',
    '',
  ].join('\n')
}

/** All that a file exports: what it declares, and what it passes on. */
function exportsOf(path: string): Declarations {
  const found = new Map<string, string>()
  const imported = new Map<string, string>()
  for (const statement of statementsOf(readFileSync(path, 'utf8'))) {
    const [, wanted, source] =
      /^import (?:type )?\{([^}]*)\} from ["'](\..+)["']/.exec(statement) ?? []
    if (wanted !== undefined && source) {
      for (const name of wanted.split(',')) imported.set(name.replace('type ', '').trim(), source)
    }
    const [, star] = /^export \* from ["'](.+)["']/.exec(statement) ?? []
    const [, names, from] =
      /^export (?:type )?\{([^}]*)\}(?: from ["'](.+)["'])?/.exec(statement) ?? []
    const [, declared] =
      /^export (?:declare )?(?:abstract )?(?:function|const|class|type|interface) (\w+)/.exec(
        statement,
      ) ?? []
    if (star) for (const [name, text] of exportsOf(fileOf(path, star))) found.set(name, text)
    if (names !== undefined) {
      for (const name of names.split(',').filter((part) => part.trim() !== '')) {
        const file = from ?? imported.get(name.replace('type ', '').trim())
        if (file) passOn(name, exportsOf(fileOf(path, file)), found)
      }
    }
    if (declared !== undefined)
      found.set(declared, [found.get(declared), statement].filter(Boolean).join('\n'))
  }
  return found
}

function passOn(part: string, from: Declarations, found: Map<string, string>): void {
  const [, name = '', as] = /^\s*(?:type )?(\w+)(?: as (\w+))?\s*$/.exec(part) ?? []
  const text = from.get(name)
  if (text === undefined) return
  found.set(as ?? name, as === undefined ? text : `${text}\nexport type { ${name} as ${as} };`)
}

/** The types that signatures of a part name and that nothing exports: programs could not name them. */
export function unexportedTypes(part: Part): readonly string[] {
  const report = renderReport(part)
  const code = report.slice(report.indexOf('```ts')).replace(/'[^'\n]*'|"[^"\n]*"|`[^`]*`/g, "''")
  const declared = new Set(
    [
      ...code.matchAll(/^export (?:declare )?(?:abstract )?(?:const|class|type|interface) (\w+)/gm),
    ].map((match) => match[1] ?? ''),
  )
  const named = [...code.matchAll(/(?<![.\w#])([A-Z]\w*)(?!\s*\??:)/g)].map(
    (match) => match[1] ?? '',
  )
  return [...new Set(named)].filter((name) => !declared.has(name) && !KNOWN.has(name)).toSorted()
}

/** Of TypeScript and of Node, and what stands for a type within one declaration. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['Error', 'Date', 'Promise', 'Buffer', 'Readonly', 'ReadonlyMap', 'ReadonlySet', 'Record'],
  ...['Omit', 'Pick', 'Partial', 'Exclude', 'NodeJS', 'Uint8Array', 'AbortSignal'],
  ...['AddressInfo', 'ListenOptions', 'Duplex', 'X509Certificate', 'KeyObject', 'Socket'],
  ...['ConnectionOptions', 'SecureContextOptions', 'TLSSocket', 'TlsOptions'],
  ...['Name', 'Class', 'Value'],
])

function fileOf(from: string, imported: string): string {
  return resolve(dirname(from), imported.replace(/\.ts$/, '.d.ts').replace(/\.js$/, '.d.ts'))
}

/** The statements of a file of declarations, without comments: each begins at the start of a line. */
function statementsOf(text: string): readonly string[] {
  const code = text.replace(/^[ \t]*\/\*\*?[\s\S]*?\*\/\n/gm, '').replace(/^[ \t]*\/\/.*\n/gm, '')
  return code
    .split(/^(?=(?:export|declare|import|type|interface|const) )/m)
    .map((part) => part.trim())
}

if (import.meta.main) for (const part of PARTS) writeFileSync(reportFile(part), renderReport(part))
