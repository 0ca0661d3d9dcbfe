/** Servers of TLS 1.3 that agree on a secret in groups of RFC 7919 alone: everything is learnt of them, too. */
import { expect } from 'vitest'
import { testWith } from '../../peers/peer.ts'
import { startPeer } from '../tls-peer.ts'
import { auditCounted, type KeyFiles, keyFiles, namesFound } from './audited-server.ts'

const STRING = 'NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-FFDHE'

for (const size of [4096]) {
  const group = `ffdhe${size}`
  const gnutls = ({ certificate, key }: KeyFiles, port: number) => [
    ...['-p', `${port}`, '--quiet', '--http', '--priority', `${STRING}${size}`],
    ...['--x509certfile', certificate, '--x509keyfile', key],
  ]
  const openssl = ({ certificate, key }: KeyFiles, port: number) => [
    ...['s_server', '-accept', `127.0.0.1:${port}`, '-quiet', '-tls1_3', '-groups', group],
    ...['-cert', certificate, '-key', key],
  ]
  for (const [program, argsFor] of [
    ['gnutls-serv', gnutls],
    ['openssl', openssl],
  ] as const) {
    testWith(program, `${group} alone`, async () => {
      const [files] = keyFiles(['rsa-2048'])
      if (!files) throw new Error('there is a certificate')
      const { tls } = await auditCounted(await startPeer(program, (port) => argsFor(files, port)))
      expect(namesFound(tls)).toMatchObject({
        'groups TLS1.3': [group],
        'signatures TLS1.3': expect.arrayContaining(['rsa_pss_rsae_sha256']),
      })
      expect(tls.clientCertificate.required).toEqual({ answer: 'not-offered' })
      expect(tls.features).toMatchObject({
        tickets13: { answer: 'accepted' },
        pskDheKe: { answer: 'accepted' },
      })
    })
  }
}
