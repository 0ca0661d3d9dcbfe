/** Real servers with several keys, behind a counter of connections, and the audit of them. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { DEFAULT_LIMITS, DialedSource } from '../../../src/audit/connection/dialed-source.ts'
import type { TlsScan } from '../../../src/audit/model.ts'
import { scan } from '../../../src/audit/scan/scan.ts'
import type { ScanResult } from '../../../src/audit/scan-result.ts'
import { type Identity, type KeyKind, makeIdentity } from '../../tls/certificates.ts'

export type KeyFiles = { readonly certificate: string; readonly key: string }

/** Certificates of a server in files, one for each kind of key. */
export function keyFiles(kinds: readonly KeyKind[]): readonly KeyFiles[] {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return kinds.map((kind) => {
    const identity: Identity = makeIdentity('localhost', kind)
    const files = { certificate: join(folder, `${kind}.pem`), key: join(folder, `${kind}.key`) }
    writeFileSync(files.certificate, identity.certificate)
    writeFileSync(files.key, identity.key)
    return files
  })
}

export type Counted = {
  readonly result: ScanResult
  readonly tls: TlsScan
  readonly counted: number
}

/** Audits a server, and counts its connections on their way. */
export async function auditCounted(port: number): Promise<Counted> {
  let counted = 0
  const counter = createServer((client) => {
    counted++
    const server = connect(port, '127.0.0.1')
    server.on('error', () => client.destroy())
    client.on('error', () => server.destroy())
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroySoon())
    client.pipe(server).pipe(client)
  })
  counter.listen(0, '127.0.0.1')
  await once(counter, 'listening')
  const { port: entrance } = counter.address() as AddressInfo
  const address = { kind: 'tcp', host: '127.0.0.1', port: entrance } as const
  const limits = { ...DEFAULT_LIMITS, connecting: 60_000, silence: 60_000, duration: 120_000 }
  const target = { text: 'test', scheme: 'tls', address, serverName: 'localhost' }
  const source = new DialedSource(address, limits)
  const result = await scan(target, { source, seed: Buffer.alloc(32, port % 251) })
  counter.close()
  if (!result.tls) throw new Error('there is no result')
  return { result, tls: result.tls, counted }
}

/** What was found, in sets of names: suites by version, groups of all versions, schemes by version. */
export type FoundNames = Readonly<Record<string, readonly string[]>>

export function namesFound({ suites, groups, signatures }: TlsScan): FoundNames {
  const rows = [
    ...suites.map(({ version, items }) => [`suites ${version}`, items] as const),
    ...groups.map(
      ({ version, items }) =>
        [
          `${/^ffdhe/.test(items[0]?.name ?? '') && version !== 'TLS1.3' ? 'primes' : 'groups'} ${version}`,
          items,
        ] as const,
    ),
    ...signatures.map(({ version, items }) => [`signatures ${version}`, items] as const),
  ]
  const sorted = rows.map(
    ([key, items]) => [key, items.map(({ name }) => name).toSorted()] as const,
  )
  return Object.fromEntries(sorted.filter(([, names]) => names.length > 0))
}

/**
 * What the contract permits: accepted suites and 2 for each version, groups, signature schemes, and 10; and the
 * control that follows each question which the server ended without a word.
 */
export function permittedConnections(tls: TlsScan) {
  const { versions, suites, groups, signatures, diffieHellman } = tls
  const silent = JSON.stringify(tls).match(/"answer":"refused","alert":null/g) ?? []
  const count = (lists: readonly { readonly items: readonly unknown[] }[]) =>
    lists.reduce((sum, { items }) => sum + items.length, 0)
  const found = count(suites) + count(groups) + count(signatures) + diffieHellman.length
  return found + 2 * versions.length + 10 + silent.length
}
