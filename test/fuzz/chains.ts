/**
 * Judges random chains as certtool judges them.
 *
 *     npm run fuzz:chains -- [--runs 300] [--seed N]
 *
 * Fails where one trusts what the other refuses; prints the seed and the chains. Where several
 * certificates have one name, certtool tries one of them and we try all: there it may refuse more.
 * We refuse expired certificates that were sent even where another form is used, as QEMU does.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { parseCertificates } from '../../src/x509/certificate.ts'
import { checkPeerCertificates } from '../../src/x509/peer-check.ts'
import { element, type KeyKind, sequence } from '../tls/certificates.ts'
import { evaluationOf } from '../x509/evaluation.ts'
import { AUTHORITY, type Description, ENDPOINT, type Made, make } from '../x509/made-certificate.ts'
import { constraints } from '../x509/name-cases.ts'
import { Random } from './random.ts'

type Case = {
  readonly chain: readonly Made[]
  readonly authorities: readonly Made[]
  /** Whether several certificates have one name. */
  readonly hasForms: boolean
}

const CONFIG = '[overrides]\ndisabled-curve = SECP521R1\n'

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '300' }, seed: { type: 'string' } },
  })
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
  console.log(`chains: ${values.runs} runs, seed ${seed}`)
  const random = new Random(seed)
  const counts = { trusted: 0, refused: 0, forms: 0, different: 0 }
  for (let at = 0; at < Number(values.runs); at++) {
    const row = makeCase(random)
    const [ours, theirs] = [judge(row), await askCerttool(row)]
    if ((ours === 'trusted') === theirs) counts[theirs ? 'trusted' : 'refused']++
    else if (row.hasForms && (!theirs || hasExpired(row))) counts.forms++
    else {
      counts.different++
      console.log(`run ${at}: certtool ${theirs ? 'trusts' : 'refuses'}, we say ${ours}`)
      console.log(row.chain.map(({ description }) => describe(description)).join('\n'))
    }
  }
  console.log(JSON.stringify(counts))
  process.exitCode = counts.different > 0 ? 1 : 0
}

function describe({ issuer, ...rest }: Description): string {
  return JSON.stringify({ ...rest, issuer: issuer?.description.subject, extensions: undefined })
}

function hasExpired({ chain }: Case): boolean {
  return chain.some(({ description: { until = 1 } }) => until < 0)
}

const KEYS: readonly KeyKind[] = ['ec-prime256v1', 'ec-secp384r1', 'ed25519', 'rsa-2048']
const FORBIDDEN_KEYS: readonly KeyKind[] = ['ec-secp521r1', 'ec-secp256k1', 'rsa-1024']

/** Faults are so rare that about half of the chains, which have several certificates, have none. */
const RARELY = 25

function makeCase(random: Random): Case {
  const root = make(authority('root', random))
  const levels: Made[] = []
  for (let level = random.below(4); level > 0; level--) {
    levels.unshift(make({ ...authority(`level ${level}`, random), issuer: levels[0] ?? root }))
  }
  const end = make({ ...ending(random), issuer: levels[0] ?? root })
  const [first] = levels
  const again = first && random.below(3) === 0 ? renew(first, random) : undefined
  const sent = [...levels].filter(() => random.below(RARELY) > 0)
  const chain = [end, ...(again && random.below(2) ? [again, ...sent.slice(1)] : sent)]
  if (random.below(4) === 0) chain.push(root)
  const authorities = [root, ...(random.below(4) === 0 ? [root] : [])]
  if (random.below(3) === 0) addMore(chain, authorities, levels, random)
  if (again) authorities.push(random.below(2) ? again : (first ?? root))
  return { chain, authorities, hasForms: again !== undefined }
}

/** Trusts some of the authorities between, with or without the root; sends copies and certificates of strangers. */
function addMore(
  chain: Made[],
  authorities: Made[],
  levels: readonly Made[],
  random: Random,
): void {
  if (random.below(2) === 0) authorities.length = 0
  if (levels.length > 0) authorities.push(random.pick(levels))
  const stranger = make(authority('stranger', random))
  const foreign = make({ ...authority('foreign', random), issuer: stranger })
  const more = [stranger, foreign, ...chain.slice(0, 1), ...levels]
  for (let count = random.below(3); count > 0; count--) {
    chain.splice(1 + random.below(chain.length), 0, random.pick(more))
  }
}

/** The same name and key once more, perhaps for another time. */
function renew(made: Made, random: Random): Made {
  return make({ ...made.description, until: random.pick([48, 48, -1]) }, made)
}

function authority(subject: string, random: Random): Description {
  const rare = random.below(2 * RARELY)
  const key = random.pick(random.below(RARELY) === 0 ? FORBIDDEN_KEYS : KEYS)
  const plain: Description = { subject, ...AUTHORITY, key }
  if (rare === 0) return { ...plain, until: -1 }
  if (rare === 1) {
    const pathLength = random.below(2)
    return { ...plain, basicConstraints: { critical: true, isAuthority: true, pathLength } }
  }
  if (rare === 2) return { ...plain, ...ENDPOINT }
  if (rare === 3) return { ...plain, keyUsage: { critical: true, uses: ['cRLSign'] } }
  if (rare === 4) return { ...plain, ...features(5) }
  return rare < RARELY / 2 ? { ...plain, ...limits(random) } : plain
}

const features = (number: number): Description => ({
  extensions: [['1.3.6.1.5.5.7.1.24', false, sequence(element(0x02, Buffer.from([number])))]],
})

type Name = readonly [tag: number, value: Buffer]

const SUBTREES: readonly Name[] = [
  ...['a.org', '.a.org', 'x.a.org', 'A.org.', 'b.org', ''].map(
    (text): Name => [0x82, Buffer.from(text)],
  ),
  ...['a.org', '.a.org', 'User@a.org'].map((text): Name => [0x81, Buffer.from(text)]),
  [0x87, Buffer.from([10, 0, 0, 0, 255, 0, 0, 0])],
  [0x87, Buffer.from([10, 1, 0, 0, 255, 255, 0, 0])],
  [0x87, Buffer.alloc(32)],
]

const NAMES: readonly Name[] = [
  ...['x.a.org', 'a.org', 'b.org', 'X.A.ORG.', 'y.x.a.org'].map(
    (text): Name => [0x82, Buffer.from(text)],
  ),
  ...['user@a.org', 'User@A.org', 'u@x.a.org'].map((text): Name => [0x81, Buffer.from(text)]),
  ...[[10, 1, 2, 3], [10, 2, 3, 4], [192, 0, 2, 1], Array<number>(16).fill(1)].map(
    (bytes): Name => [0x87, Buffer.from(bytes)],
  ),
]

function limits(random: Random): Description {
  const some = (): readonly Name[] =>
    Array.from({ length: random.below(3) }, () => random.pick(SUBTREES))
  const [permitted, excluded] = [some(), random.below(3) === 0 ? some() : []]
  return permitted.length + excluded.length > 0 ? constraints(permitted, excluded) : {}
}

function ending(random: Random): Description {
  const names = Array.from({ length: random.below(3) }, () => random.pick(NAMES))
  const plain: Description = {
    subject: random.pick(['a.org', 'b.org', 'end']),
    ...ENDPOINT,
    key: random.pick(['ec-prime256v1', 'ec-secp384r1', 'rsa-2048']),
    ...(names.length > 0 ? { names } : {}),
    ...(random.below(RARELY) === 0 ? { until: -1 } : {}),
  }
  return random.below(8) === 0 ? { ...plain, ...features(5) } : plain
}

function judge({ chain, authorities }: Case): string {
  const read = (made: readonly Made[], name: string) =>
    made.length === 0
      ? []
      : parseCertificates({ name, text: made.map(({ certificate }) => certificate).join('') })
  try {
    const problem = checkPeerCertificates({
      chain: read(chain, '<peer>'),
      authorities: read(authorities, 'ca-cert.pem'),
      revocationLists: [],
      evaluation: evaluationOf('NORMAL', CONFIG),
    })
    return problem?.code ?? 'trusted'
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics[0]?.code ?? 'refused'
    throw error
  }
}

/** Whether certtool trusts a chain. */
async function askCerttool({ chain, authorities }: Case): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'chains-'))
  const write = (name: string, made: readonly Made[]): void =>
    writeFileSync(join(folder, name), made.map(({ certificate }) => certificate).join(''))
  write('chain', chain)
  write('ca', authorities)
  writeFileSync(join(folder, 'config'), CONFIG)
  const args = ['--verify', '--infile', 'chain', '--load-ca-certificate', 'ca']
  const env = { ...process.env, GNUTLS_SYSTEM_PRIORITY_FILE: join(folder, 'config') }
  const options = { cwd: folder, timeout: 60_000, env }
  try {
    return await new Promise((resolve) => {
      execFile('certtool', [...args, '--verify-profile', 'low'], options, (error) =>
        resolve(error === null),
      )
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

await main()
