/**
 * The order of the test files: the longest begin first, so that none of them is left running alone at the end.
 *
 * Vitest knows how long a file takes only after it ran on this machine once. Until then it goes by the size of files.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take long for what they wait for or start, whatever their size. */
const LONG = [
  'docs/examples',
  'cli/package',
  'migration/relay/channels',
  'cli/endpoint-metrics',
  'interop/audit/client-certificate',
  'migration/receive/refusals',
  'cli/migrate-preflight',
  'interop/convert/servers/dovecot',
  'interop/convert/servers/postfix',
  'interop/pkcs12',
  'pki/interruption',
  'nbd/server/hostile-clients',
  'system/interruption',
  'migration/refused-peers',
  'interop/objects',
  'interop/convert/clients',
  'migration/send/guests',
  'monitor/migrate-guest',
  'monitor/hostile-clients',
  'cli/nbd-resources',
  'cli/endpoint',
  'interop/nbd-server',
  'migration/preflight/preflight',
  'migration/relay/service',
  'monitor/compare-with-qemu',
  'interop/x509-verdicts',
  'priority/gnutls-cli',
  'interop/policy/java-nss',
  'policy/lint/lint-policy',
  'interop/policy/gnutls',
  'interop/convert/servers/nginx',
  'interop/policy/application-nbd',
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
