/** `cryptopolicy authz`: whether an authorization lets a certificate in, and which rule decides. */

import { Argument, type Command } from 'commander'
import { fail } from '../../diagnostics/diagnostic.ts'
import { type JsonResult, locationToJson } from '../../diagnostics/diagnostic-json.ts'
import type { AuthorizationDecision } from '../../tls/authorization/authorization.ts'
import type { TlsObjects } from '../../tls/objects/tls-objects.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { CLI_KINDS } from '../cli-diagnostics.ts'
import { terminalFor, withOutput } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { loadObjects, type ObjectOptions, withObjectOptions } from '../object-options.ts'
import { parseInputFile } from '../option-values.ts'
import type { Terminal } from '../terminal.ts'

type Options = ObjectOptions & { readonly authz?: string }

type Identities = {
  readonly dn: string
  readonly san: readonly string[]
  readonly spki: string
}

type Decision = AuthorizationDecision & { readonly id: string }

export function addAuthz(program: Command): void {
  const command = program
    .command('authz')
    .summary('which rule of an authorization decides on a certificate')
    .description('Say what rules see of a certificate, whether it may come in, and who decides.')
    .addArgument(new Argument('<ACTION>', 'what to do').choices(['test']))
    .argument('<CERT>', 'a file with the certificate of a client (PEM), or -', parseInputFile)
    .option('--authz <ID>', 'the authorization to ask; without it all of them')
  withOutput(withObjectOptions(command)).action(testCertificate)
}

async function testCertificate(_: string, path: string, options: Options): Promise<void> {
  const { parseCertificates } = await import('../../x509/certificate.ts')
  const { readNamedSecretFile } = await import('../../files/text-file.ts')
  const terminal = terminalFor(options)
  const [certificate] = parseCertificates(readNamedSecretFile(path))
  // parseCertificates has refused a file without any.
  if (!certificate) return
  const objects = await loadObjects(options, terminal)
  const decisions = decideAll(objects, certificate, options)
  const allowed = decisions.every((decision) => decision.allowed)
  await printResult(await readIdentities(certificate), decisions, terminal)
  process.exitCode = allowed ? EXIT.done : EXIT.answerIsNo
}

/** Without an authorization, it prints what rules would see of the certificate, so that the user can write rules. */
function decideAll(
  objects: TlsObjects,
  certificate: Certificate,
  { authz, object, objects: files }: Options,
): readonly Decision[] {
  const ids = authz === undefined ? objects.authorizationIds : [authz]
  if (ids.length === 0 && (object ?? files)) {
    const hint = 'for instance: --object authz-simple,id=authz0,identity=CN=client'
    fail(CLI_KINDS.missingOption, { what: 'no authorization is defined', hint })
  }
  return ids.map((id) => ({ id, ...objects.authorization(id).decide(certificate) }))
}

async function readIdentities(certificate: Certificate): Promise<Identities> {
  const { identitiesOf } = await import('../../tls/authorization/identity.ts')
  const [dn = ''] = identitiesOf(certificate, 'dn')
  const [spki = ''] = identitiesOf(certificate, 'spki')
  return { dn, san: identitiesOf(certificate, 'san'), spki }
}

async function printResult(
  { dn, san, spki }: Identities,
  decisions: readonly Decision[],
  terminal: Terminal,
): Promise<void> {
  const allowed = decisions.every((decision) => decision.allowed)
  if (terminal.options.json) {
    return terminal.setResult({
      identities: { dn, san, spki },
      allowed: decisions.length > 0 ? allowed : null,
      decisions: decisions.map(decisionToJson),
    })
  }
  const { printable } = await import('../../diagnostics/print-diagnostic.ts')
  const identities = [`dn   ${dn}`, ...san.map((name) => `san  ${name}`), `spki ${spki}`]
  const verdicts = decisions.map(
    ({ allowed: may, rule }) => `${may ? 'allowed' : 'denied'}: ${rule}`,
  )
  for (const line of [...identities, ...verdicts]) terminal.print(printable(line))
}

function decisionToJson({ id, allowed, rule, index, span }: Decision): JsonResult {
  return { id, allowed, rule, index: index ?? null, location: locationToJson(span) }
}
