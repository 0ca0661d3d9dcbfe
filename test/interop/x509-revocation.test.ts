/** What QEMU does with revocation lists: it takes them as they stand, and looks only at peers. */
import { X509Certificate } from 'node:crypto'
import { expect } from 'vitest'
import { certificateOf } from '../../src/x509/certificate.ts'
import { readX509Files } from '../../src/x509/credential-files.ts'
import { checkPeerCertificates } from '../../src/x509/peer-check.ts'
import { checkOwnCertificates } from '../../src/x509/sanity-check.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { evaluationOf } from '../x509/evaluation.ts'
import {
  AUTHORITY,
  ENDPOINT,
  type ListDescription,
  make,
  makeList,
} from '../x509/made-certificate.ts'
import { isLetIn } from './qemu-nbd.ts'

const authority = make({ subject: 'Test CA', ...AUTHORITY })
const impostor = make({ subject: 'Test CA', ...AUTHORITY })
const server = make({ subject: 'localhost', issuer: authority, ...ENDPOINT })
const client = make({ subject: 'client', issuer: authority, ...ENDPOINT })

type Row = readonly [name: string, list: ListDescription, warnings: readonly string[]]

const STRAY = 'TLS_REVOCATION_LIST_STRAY'

const ROWS: readonly Row[] = [
  ['the client', { signer: authority, revoked: [client.serial] }, []],
  ['none', { signer: authority, revoked: [] }, []],
  [
    'the server itself',
    { signer: authority, revoked: [server.serial] },
    ['TLS_CERTIFICATE_OWN_REVOKED'],
  ],
  ['the client, signed by an impostor', { signer: impostor, revoked: [client.serial] }, [STRAY]],
  [
    'the client, long ago',
    { signer: authority, revoked: [client.serial], until: -1 },
    ['TLS_REVOCATION_LIST_STALE'],
  ],
  [
    'a certificate of another authority',
    { signer: impostor, name: 'Other CA', revoked: [client.serial] },
    [STRAY],
  ],
]

testWith('nbdinfo', 'QEMU lets in whom we let in, whatever is revoked', async () => {
  const verdicts = await Promise.all(ROWS.map(([name, list]) => judge(name, list)))
  for (const [at, { theirs, ours, warnings }] of verdicts.entries()) {
    expect([ROWS[at]?.[0], ours, warnings]).toEqual([ROWS[at]?.[0], theirs, ROWS[at]?.[2]])
  }
  expect(verdicts.map(({ theirs }) => theirs)).toEqual([false, true, true, false, false, true])
})

async function judge(name: string, list: ListDescription) {
  const folder = scratchFolder()
  writeFiles(folder, {
    'ca-cert.pem': authority.certificate,
    'ca-crl.pem': makeList(list),
    'server-cert.pem': server.certificate,
    'server-key.pem': server.key,
    'client-cert.pem': client.certificate,
    'client-key.pem': client.key,
    image: Buffer.alloc(512),
  })
  const files = readX509Files(folder, 'server')
  const rest = { ...files, evaluation: evaluationOf('NORMAL') }
  const peer = certificateOf(new X509Certificate(client.raw), { file: '<peer>', index: 0 })
  const own = checkOwnCertificates({
    role: 'server',
    ...rest,
    chain: files.identities[0]?.chain ?? [],
  })
  return {
    name,
    theirs: await isLetIn(folder, 'socket'),
    ours: checkPeerCertificates({ ...rest, chain: [peer] }) === undefined,
    warnings: own.map(({ code }) => code),
  }
}
