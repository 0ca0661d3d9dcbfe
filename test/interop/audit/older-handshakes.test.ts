/** Whole handshakes before TLS 1.3: what real servers were told of tickets, sessions and renegotiation is found. */
import { describe, expect } from 'vitest'
import type { Answer } from '../../../src/audit/model.ts'
import { testWith } from '../../peers/peer.ts'
import { startPeer } from '../tls-peer.ts'
import { keyFiles } from './audited-server.ts'
import { auditAndReplay } from './replayed-audit.ts'

type Learnt = {
  readonly ticketLifetimeHint: number | null
  readonly ticketResumption: string
  readonly sessionIdResumption: string
  readonly clientRenegotiation: string
}

/** What the audit learns, and again from its evidence. */
async function learn(port: number): Promise<Learnt> {
  const { features, ticketLifetimeHint = null } = (await auditAndReplay(port)) ?? {}
  const word = (answer: Answer | undefined) =>
    answer?.answer === 'refused' ? `refused: ${answer.name}` : (answer?.answer ?? 'not asked')
  return {
    ticketLifetimeHint,
    ticketResumption: word(features?.ticketResumption),
    sessionIdResumption: word(features?.sessionIdResumption),
    clientRenegotiation: word(features?.clientRenegotiation),
  }
}

function startOpenssl(options: readonly string[]): Promise<number> {
  const [rsa, ec] = keyFiles(['rsa-2048', 'ec-P-256'])
  return startPeer('openssl', (port) => [
    ...['s_server', '-accept', `127.0.0.1:${port}`, '-quiet', ...options],
    ...['-cert', rsa?.certificate ?? '', '-key', rsa?.key ?? ''],
    ...['-dcert', ec?.certificate ?? '', '-dkey', ec?.key ?? ''],
  ])
}

function startGnutls(options: readonly string[]): Promise<number> {
  const [rsa] = keyFiles(['rsa-2048'])
  return startPeer('gnutls-serv', (port) => [
    ...['-p', String(port), '--quiet', '--echo', '--disable-client-cert', ...options],
    ...['--x509certfile', rsa?.certificate ?? '', '--x509keyfile', rsa?.key ?? ''],
  ])
}

describe('OpenSSL', () => {
  for (const [options, expected] of [
    [
      [],
      {
        ...{ ticketLifetimeHint: 7200, ticketResumption: 'accepted' },
        ...{ sessionIdResumption: 'accepted', clientRenegotiation: 'refused: no_renegotiation' },
      },
    ],
    [
      ['-no_ticket', '-client_renegotiation', '-no_tls1_3', '-verify', '1'],
      {
        ...{ ticketLifetimeHint: null, ticketResumption: 'not-offered' },
        ...{ sessionIdResumption: 'accepted', clientRenegotiation: 'accepted' },
      },
    ],
    [
      ['-no_ticket', '-no_cache', '-no_resumption_on_reneg'],
      {
        ...{ ticketLifetimeHint: null, ticketResumption: 'not-offered' },
        ...{ sessionIdResumption: 'not-offered', clientRenegotiation: 'refused: no_renegotiation' },
      },
    ],
    [
      ['-tls1_3'],
      {
        ...{ ticketLifetimeHint: null, ticketResumption: 'not asked' },
        ...{ sessionIdResumption: 'not asked', clientRenegotiation: 'not asked' },
      },
    ],
  ] as const) {
    testWith('openssl', options.join(' ') || 'as it is', async () => {
      expect(await learn(await startOpenssl(options))).toEqual(expected)
    })
  }
})

describe('records, keys and exchanges of every kind carry a second handshake', () => {
  for (const [cipher, ...options] of [
    ['AES256-SHA', '-tls1_2'],
    ['ECDHE-RSA-AES128-SHA256', '-tls1_2', '-no_etm'],
    ['ECDHE-ECDSA-AES256-SHA384', '-tls1_2'],
    ['ECDHE-ECDSA-CHACHA20-POLY1305', '-tls1_2', '-groups', 'P-256'],
    ['ECDHE-ECDSA-AES128-CCM8', '-tls1_2', '-groups', 'P-384:P-256'],
    ['DHE-RSA-AES256-CCM', '-tls1_2'],
    ['DHE-RSA-CAMELLIA128-SHA256', '-tls1_2'],
    ['ARIA256-GCM-SHA384', '-tls1_2'],
    ['ADH-AES128-GCM-SHA256:@SECLEVEL=0', '-tls1_2'],
    ['DHE-RSA-AES128-SHA:@SECLEVEL=0', '-tls1_1'],
    ['ECDHE-RSA-AES256-SHA:@SECLEVEL=0', '-tls1_1', '-no_etm'],
    ['ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0', '-tls1'],
    ['CAMELLIA256-SHA:@SECLEVEL=0', '-tls1', '-no_etm'],
  ]) {
    testWith('openssl', `${cipher} ${options.join(' ')}`, async () => {
      const port = await startOpenssl([
        ...['-cipher', cipher ?? '', '-client_renegotiation', ...options],
      ])
      expect(await learn(port)).toEqual({
        ...{ ticketLifetimeHint: 7200, ticketResumption: 'accepted' },
        ...{ sessionIdResumption: 'accepted', clientRenegotiation: 'accepted' },
      })
    })
  }
})

describe('GnuTLS', () => {
  for (const [options, expected] of [
    [
      [],
      {
        ...{ ticketLifetimeHint: 21_600, ticketResumption: 'accepted' },
        ...{ sessionIdResumption: 'accepted', clientRenegotiation: 'accepted' },
      },
    ],
    [
      ['--noticket', '--priority', 'NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION'],
      {
        ...{ ticketLifetimeHint: null, ticketResumption: 'not-offered' },
        ...{ sessionIdResumption: 'accepted', clientRenegotiation: 'accepted' },
      },
    ],
    [
      ['--noticket', '--nodb', '--priority', 'NORMAL:-VERS-ALL:+VERS-TLS1.1'],
      {
        ...{ ticketLifetimeHint: null, ticketResumption: 'not-offered' },
        ...{ sessionIdResumption: 'not-offered', clientRenegotiation: 'accepted' },
      },
    ],
  ] as const) {
    testWith('gnutls-serv', options.join(' ') || 'as it is', async () => {
      expect(await learn(await startGnutls(options))).toEqual(expected)
    })
  }
})
