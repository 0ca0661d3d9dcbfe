/** OpenSSL: each setting of the configuration is tried as the option of the same meaning. */
import {
  type Consumer,
  ConsumerUnusable,
  findRefused,
  type UnknownValue,
  type Verdict,
  type Workbench,
} from './consumer.ts'

/**
 * The option of `openssl s_client` for each setting. It reads its options before it connects, so
 * a socket that does not exist is all that it needs.
 */
const OPTIONS: Readonly<Record<string, string>> = {
  Ciphersuites: '-ciphersuites',
  SignatureAlgorithms: '-sigalgs',
  Groups: '-groups',
}

const REFUSED = /SSL_CONF_cmd|Error with command|Error setting/

async function check(workbench: Workbench, config: string): Promise<Verdict> {
  const settings = readSettings(config)
  const verdicts = [await checkCiphers(workbench, settings.get('CipherString') ?? '')]
  for (const [setting, option] of Object.entries(OPTIONS)) {
    const value = settings.get(setting)
    if (value) verdicts.push(await checkOption(workbench, setting, option, value))
  }
  return {
    unknown: verdicts.flatMap((verdict) => verdict.unknown),
    complaints: verdicts.flatMap((verdict) => verdict.complaints),
  }
}

async function checkCiphers(workbench: Workbench, ciphers: string): Promise<Verdict> {
  const { status, output } = await workbench.run(['ciphers', ciphers])
  if (status === null) throw new ConsumerUnusable('openssl cannot be run')
  if (status !== 0) return { unknown: [], complaints: ['CipherString leaves no cipher'] }
  const isAnonymous = /\bA(?:EC)?DH-/.test(output)
  return { unknown: [], complaints: isAnonymous ? ['CipherString enables anonymous ciphers'] : [] }
}

async function checkOption(
  workbench: Workbench,
  setting: string,
  option: string,
  value: string,
): Promise<Verdict> {
  const accepts = async (text: string) => {
    const socket = workbench.scratch('no-such-socket')
    const { output } = await workbench.run(['s_client', option, text, '-unix', socket])
    return !REFUSED.test(output)
  }
  if (await accepts(value)) return { unknown: [], complaints: [] }
  const refused = await findRefused(splitNames(value), accepts)
  const unknown: UnknownValue[] = refused.map((name) => ({ setting, value: name }))
  const complaints = refused.length === 0 ? [`${setting} uses a syntax that it does not know`] : []
  return { unknown, complaints }
}

/** The names of a list, without the marks of OpenSSL 3.5: `*` key share, `?` optional, `/` tuple. */
function splitNames(value: string): readonly string[] {
  return value
    .split(/[:/]/)
    .map((name) => name.replace(/^[*?-]+/, ''))
    .filter((name) => name !== '')
}

/** The settings before the first section: the part that programs include. */
function readSettings(config: string): ReadonlyMap<string, string> {
  const head = config.split('\n[', 1)[0] ?? ''
  return new Map(
    head.split('\n').flatMap((line) => {
      const match = /^(\w+) = ?(.*)$/.exec(line)
      return match?.[1] ? [[match[1], match[2] ?? ''] as const] : []
    }),
  )
}

export const OPENSSL: Consumer = {
  backend: 'opensslcnf',
  program: 'openssl',
  versionArguments: ['version'],
  check,
}
