/** Which name the certificate of the destination of a migration has to bear. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { ADDRESS_KINDS } from './address-diagnostics.ts'
import { type MigrationUri, printMigrationUri } from './migration-uri.ts'

type Verifying = { readonly kind: string; readonly verifyPeer: boolean }

/**
 * The name that was asked for, else the host of a tcp: URI, as QEMU has it.
 *
 * @returns undefined where no name is compared: shared keys, verify-peer=off.
 * @throws DiagnosticError MIGRATION_HOSTNAME_MISSING.
 */
export function expectedName(
  uri: MigrationUri,
  hostname: string | undefined,
  { kind, verifyPeer }: Verifying,
): string | undefined {
  // An empty name is none, as in the parameters of QEMU.
  const name = hostname || (uri.kind === 'tcp' ? uri.host : undefined)
  if (name || kind !== 'x509' || !verifyPeer) return name || undefined
  return fail(ADDRESS_KINDS.hostnameMissing, { place: printMigrationUri(uri) })
}
