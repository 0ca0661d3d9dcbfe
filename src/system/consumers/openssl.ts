/** OpenSSL: the file as a part of openssl.cnf, and each setting as the option of the same meaning. */
import {
  type CheckDepth,
  type Consumer,
  type ConsumerFinding,
  ConsumerUnusable,
  findRefused,
  firstLine,
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

async function check(
  workbench: Workbench,
  config: string,
  depth: CheckDepth,
): Promise<readonly ConsumerFinding[]> {
  const lost = await checkSyntax(workbench, config)
  if (lost.length > 0 || depth !== 'all') return lost
  const settings = readSettings(config)
  const findings = await Promise.all([
    checkCiphers(workbench, settings.get('CipherString')),
    checkProperties(workbench, config),
    ...Object.entries(OPTIONS).map(([setting, option]) =>
      checkOption(workbench, setting, option, settings.get(setting) ?? ''),
    ),
  ])
  return findings.flat()
}

/** A suite that no policy has alone: with it, the scratch configuration was read to its end. */
const CANARY = 'TLS_AES_128_CCM_SHA256'

/** Where openssl.cnf cannot be parsed, OpenSSL goes on in silence, without any of it. */
async function checkSyntax(
  workbench: Workbench,
  config: string,
): Promise<readonly ConsumerFinding[]> {
  const path = workbench.write('opensslcnf.config', config)
  const scratch = workbench.write(
    'openssl.cnf',
    ['openssl_conf = init', '[init]', 'ssl_conf = ssl', '[ssl]', 'system_default = canary']
      .concat(['[canary]', `Ciphersuites = ${CANARY}`, '[policy]', `.include ${path}`, ''])
      .join('\n'),
  )
  const { status, output } = await workbench.run(['ciphers', '-s', '-tls1_3'], {
    OPENSSL_CONF: scratch,
  })
  if (status === null) throw new ConsumerUnusable(`does not work here: ${firstLine(output)}`)
  if (output.trim() === CANARY) return []
  const { output: said } = await workbench.run(['req', '-config', path, '-noout'])
  const line = /line (\d+)/i.exec(said)?.[1]
  const complaint = 'it cannot parse the file, and goes on without any of openssl.cnf'
  return [
    { effect: 'ignores-file', complaint, ...(line === undefined ? {} : { line: Number(line) }) },
  ]
}

async function checkCiphers(
  workbench: Workbench,
  ciphers: string | undefined,
): Promise<readonly ConsumerFinding[]> {
  if (ciphers === undefined) return []
  const { status, output } = await workbench.run(['ciphers', ciphers])
  const effect = 'ignores-setting'
  if (status !== 0) return [{ effect, complaint: 'CipherString leaves no cipher' }]
  const isAnonymous = /\bA(?:EC)?DH-/.test(output)
  return isAnonymous ? [{ effect, complaint: 'CipherString enables anonymous ciphers' }] : []
}

/** The most settings of the properties that are tried one after the other. */
const PROPERTY_ROUNDS = 8

/** `[evp_properties]`: OpenSSL tells the first that it does not know, where errors are fatal. */
async function checkProperties(
  workbench: Workbench,
  config: string,
): Promise<readonly ConsumerFinding[]> {
  const findings: ConsumerFinding[] = []
  let [, properties = ''] = config.split(/^\[evp_properties\]$/m, 2)
  for (let round = 0; round < PROPERTY_ROUNDS; round++) {
    const scratch = workbench.write(
      'openssl.cnf',
      `openssl_conf = init\nconfig_diagnostics = 1\n[init]\nalg_section = evp_properties\n[evp_properties]\n${properties}`,
    )
    const { output } = await workbench.run(['version'], { OPENSSL_CONF: scratch })
    const setting = /unknown option.*name=([^,\s]+)/.exec(output)?.[1]
    if (setting === undefined) return findings
    findings.push({ effect: 'ignores-setting', unknown: { setting, value: null } })
    properties = withoutSetting(properties, setting)
  }
  return findings
}

function withoutSetting(text: string, setting: string): string {
  const isOther = (line: string) => line.trim().split(/[\s=]/, 1)[0] !== setting
  return text.split('\n').filter(isOther).join('\n')
}

async function checkOption(
  workbench: Workbench,
  setting: string,
  option: string,
  value: string,
): Promise<readonly ConsumerFinding[]> {
  if (value === '') return []
  const accepts = async (text: string) => {
    const socket = workbench.scratch('no-such-socket')
    const { output } = await workbench.run(['s_client', option, text, '-unix', socket])
    return !REFUSED.test(output)
  }
  if (await accepts(value)) return []
  const effect = 'ignores-setting'
  const refused = await findRefused(splitNames(value), (names) => accepts(names.join(':')))
  if (refused.length === 0)
    return [{ effect, complaint: `${setting}: a syntax that it does not know` }]
  return refused.map((name) => ({ effect, unknown: { setting, value: name } }))
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
  failure: 'would go without the policy',
  versionArguments: ['version'],
  check,
}
