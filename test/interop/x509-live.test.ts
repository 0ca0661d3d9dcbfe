/** Live servers of QEMU and of ours, asked by one stock client with each chain: both let in the same. */
import { join } from 'node:path'
import { expect } from 'vitest'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { serveNbd } from '../nbd/our-server.ts'
import { testWith } from '../peers/peer.ts'
import { pem } from '../tls/certificates.ts'
import type { ChainCase } from '../x509/chain-cases.ts'
import { AUTHORITY, ENDPOINT, make } from '../x509/made-certificate.ts'
import { makePathCases } from '../x509/path-cases.ts'
import { isLetIn, succeeds } from './qemu-nbd.ts'

/**
 * Some rows of each kind. Of all rows three differ here: GnuTLS refuses `good first, pathlen:0 second`, though a
 * path is there that it would trust. With `trusted by itself, alone` and `with a root` the client seems to show
 * QEMU no certificate, since its issuer is not among the names that the server sends. Certificates of strangers
 * are not in the rows, since this client leaves them out of what it sends.
 */
const NAMES = [
  ...['renewed, the old one in the file', 'renewed, the old one first'],
  ...['expired, sent and in the file', 'pathlen:0 first, good second'],
  ...['CA:FALSE first, good second', 'below a feature, without it'],
  ...['trusted by itself, with its issuer', 'below a feature, with it', 'all features'],
  'lower trusted, sent up to upper',
  ...['pathlen:0 and below it, sent', 'upper trusted, all sent', 'of version 1 in Suite B'],
]

/** certtool takes these; in a session with this client they need an OCSP status, which never comes. */
const NEEDS_STATUS = ['below a feature, with it', 'all features']

/** What the server shows has nothing to do with the row: QEMU's own checks would look at its authorities. */
const hub = make({ subject: 'hub', ...AUTHORITY })
const server = make({ subject: 'localhost', issuer: hub, ...ENDPOINT })

function makeFolder({ chain, authorities }: ChainCase): string {
  const folder = scratchFolder()
  const authority = [hub, ...authorities].map(({ raw }) => pem(raw)).join('')
  writeFiles(folder, {
    'ca-cert.pem': authority,
    'server-cert.pem': server.certificate,
    'server-key.pem': server.key,
    'client-cert.pem': chain.map(({ raw }) => pem(raw)).join(''),
    'client-key.pem': chain[0]?.key ?? '',
    image: Buffer.alloc(512),
  })
  return folder
}

async function judge(row: ChainCase) {
  const folder = makeFolder(row)
  const priority = row.profile === undefined ? 'NORMAL' : `NORMAL:%PROFILE_${row.profile}`
  const properties = `sanity-check=off,priority=${priority}`
  const object = `tls-creds-x509,id=tls0,endpoint=server,dir=${folder},verify-peer=on,${properties}`
  const ours = await serveNbd([
    ...['--object', object, '--tls-creds', 'tls0', '--persistent', join(folder, 'image')],
  ])
  const uri = `nbds+unix:///?socket=${ours.socket}&tls-certificates=${folder}&tls-verify-peer=false`
  return {
    ours: await succeeds('nbdinfo', [uri], folder),
    theirs: await isLetIn(folder, 'socket', { properties }),
  }
}

const ROWS = makePathCases().filter(({ name }) => NAMES.includes(name))

for (const row of ROWS) {
  testWith(
    'nbdinfo',
    `QEMU and we let the same client in: ${row.name}`,
    async () => {
      const { ours, theirs } = await judge(row)
      const isTaken = row.verdict === undefined && !NEEDS_STATUS.includes(row.name)
      expect({ ours, theirs }).toEqual({ ours: isTaken, theirs: isTaken })
    },
    120_000,
  )
}
