/** The same cases with certificates made by certtool, as far as its templates can say them. */

import { join } from 'node:path'
import { expect } from 'vitest'
import type { KeyUse } from '../../src/x509/certificate.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { execFile } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { type CredentialCase, makeCases } from '../x509/credential-cases.ts'
import { judgeOwn } from '../x509/judge-own.ts'
import { type Description, encodePurposes, type Made } from '../x509/made-certificate.ts'

testWith('certtool', 'certificates of certtool get the same verdicts', async () => {
  const cases = makeCases().filter(({ chain, authorities }) =>
    [...chain, ...authorities].every(({ description }) => isSayable(description)),
  )
  expect(cases.length).toBeGreaterThan(35)
  const verdicts = await Promise.all(
    cases.map(async (row) => [row.name, judgeOwn(await remake(row))]),
  )
  expect(verdicts).toEqual(
    cases.map(({ name, verdict }) => [name, OTHER_VERDICTS[name] ?? verdict]),
  )
})

/**
 * certtool always makes basicConstraints, keyUsage is always critical and, for endpoints, has
 * digitalSignature.
 */
function isSayable(description: Description): boolean {
  const { basicConstraints, keyUsage, extensions, signature, issuer } = description
  const isAbove = issuer === undefined || isSayable(issuer.description)
  const isUsage =
    !keyUsage ||
    (keyUsage.critical &&
      (basicConstraints?.isAuthority || keyUsage.uses.includes('digitalSignature')))
  return Boolean(basicConstraints?.critical && isUsage && isAbove) && !extensions && !signature
}

/** certtool tells authorities of the same name apart by identifiers of their keys. */
const OTHER_VERDICTS: Readonly<Record<string, string>> = {
  'issuer of the same name': 'TLS_CERTIFICATE_NO_ISSUER',
}

const USES: Partial<Record<KeyUse, string>> = {
  digitalSignature: 'signing_key',
  keyEncipherment: 'encryption_key',
  keyCertSign: 'cert_signing_key',
  cRLSign: 'crl_signing_key',
}

async function remake(row: CredentialCase): Promise<CredentialCase> {
  const folder = scratchFolder()
  const made = new Map<Made, Promise<Made>>()
  const all = (list: readonly Made[]): Promise<Made[]> =>
    Promise.all(list.map((one) => certify(one, folder, made)))
  return { ...row, chain: await all(row.chain), authorities: await all(row.authorities) }
}

/** The same certificate by certtool; the key stays. */
function certify(one: Made, folder: string, made: Map<Made, Promise<Made>>): Promise<Made> {
  const known = made.get(one)
  if (known) return known
  const promise = runCerttool(one, join(folder, String(made.size)), async (issuer) =>
    certify(issuer, folder, made),
  )
  made.set(one, promise)
  return promise
}

async function runCerttool(
  one: Made,
  cwd: string,
  remade: (issuer: Made) => Promise<Made>,
): Promise<Made> {
  const issuer = one.description.issuer && (await remade(one.description.issuer))
  const above = issuer ? { ca: issuer.certificate, 'ca-key': issuer.key } : {}
  writeFiles(cwd, { key: one.key, template: template(one.description), ...above })
  const signer = issuer
    ? ['--generate-certificate', '--load-ca-certificate=ca', '--load-ca-privkey=ca-key']
    : ['--generate-self-signed']
  const args = [...signer, '--load-privkey=key', '--template=template']
  const { stdout } = await execFile('certtool', args, { cwd })
  return { ...one, certificate: stdout }
}

function template(description: Description): string {
  const {
    subject,
    basicConstraints,
    keyUsage,
    extendedKeyUsage,
    from = -24,
    until = 24,
  } = description
  const { isAuthority, pathLength } = {
    pathLength: undefined,
    isAuthority: false,
    ...basicConstraints,
  }
  const extension = (critical: boolean, identifier: string, value: Buffer): string =>
    `add_${critical ? 'critical_' : ''}extension = "${identifier} 0x${value.toString('hex')}"`
  return [
    `cn = "${subject}"`,
    `activation_date = "${day(from)}"`,
    `expiration_date = "${day(until)}"`,
    ...(isAuthority ? ['ca'] : []),
    ...(pathLength === undefined ? [] : [`path_len = ${pathLength}`]),
    ...(keyUsage?.uses.flatMap((use) => USES[use] ?? []) ?? []),
    ...(extendedKeyUsage
      ? [
          extension(
            extendedKeyUsage.critical,
            '2.5.29.37',
            encodePurposes(extendedKeyUsage.purposes),
          ),
        ]
      : []),
    '',
  ].join('\n')
}

function day(hours: number): string {
  return `${new Date(Date.now() + hours * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
