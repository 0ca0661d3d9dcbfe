/** Folders of credentials made by src/pki, for its tests. */
import { createAuthority, type Issued } from '../../src/pki/authority.ts'
import type { EndpointRole } from '../../src/pki/certificate-extensions.ts'
import { type IssueRequest, issueIdentity } from '../../src/pki/certificate-issuance.ts'
import { parseAddress, parseDnsName } from '../../src/pki/host-names.ts'
import { parseKeyRequest } from '../../src/pki/key-kind.ts'
import type { Strength } from '../../src/pki/key-strength.ts'
import { layoutAt } from '../../src/pki/layout.ts'
import { requirePriority } from '../../src/priority/failure/failure-diagnostics.ts'
import { NO_CONFIG, parseSystemConfig } from '../../src/priority/system-config.ts'
import { scratchFolder } from '../cli/command.ts'

/** A policy: what a priority string comes to under a configuration. */
export function strengthOf(priority = 'NORMAL', configuration?: string): Strength {
  const config =
    configuration === undefined
      ? NO_CONFIG
      : parseSystemConfig({ name: 'gnutls.config', text: configuration })
  const given = { name: '<priority>', text: priority }
  return { evaluation: requirePriority(given, { config }), config }
}

/** A folder with an authority whose key is of a kind, such as `ecdsa:secp384r1`. */
export function makeAuthority(kind: string, folder = scratchFolder()): string {
  createAuthority({
    layout: layoutAt('qemu', folder),
    strength: strengthOf(),
    subject: { commonName: `CA of ${kind}` },
    key: parseKeyRequest(kind),
  })
  return folder
}

/** A certificate for localhost, or of a client called `laptop`. */
export function issue(
  folder: string,
  role: EndpointRole,
  kind: string,
  more: Partial<IssueRequest> = {},
): Issued {
  return issueIdentity({
    role,
    layout: layoutAt('qemu', folder),
    strength: strengthOf(),
    organization: 'Example',
    commonName: role === 'server' ? 'localhost' : 'laptop',
    hosts: role === 'server' ? [parseDnsName('localhost'), parseAddress('127.0.0.1')] : [],
    key: parseKeyRequest(kind),
    force: true,
    ...more,
  })
}
