/**
 * The order of the test files: the longest begin first, so that none of them is left running alone at the end.
 *
 * Vitest knows how long a file takes only after it ran on this machine once. Until then it goes by the size of files.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take long for what they wait for or start, whatever their size. */
const LONG = [
  'docs/examples',
  'interop/policy/gnutls',
  'interop/convert/servers/nginx',
  'cli/package',
  'interop/policy/application-nbd',
  'monitor/compare-with-qemu',
  'pki/interruption',
  'system/interruption',
  'pki/verdicts',
  'migration/receive/refusals',
  'migration/refused-peers',
  'interop/pkcs12',
  'policy/lint/lint-policy',
  'policy/lint/fix',
  'interop/convert/clients',
  'interop/audit/client-certificate',
  'interop/convert/servers/apache',
  'interop/convert/servers/dovecot',
  'migration/relay/channels',
  'migration/relay/guests',
  'migration/receive/guests',
  'interop/policy/application-string',
  'priority/gnutls-cli',
  'backends/readers',
  'cli/pki',
].map((name) => `/test/${name}.test.ts`)

export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((one, other) => placeOf(one) - placeOf(other))
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONG.findIndex((end) => moduleId.endsWith(end))
  return place === -1 ? LONG.length : place
}
