import { execFileSync } from 'node:child_process'
import { createSecureContext } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { opensslSuiteName } from '../../../src/algorithms/tls-suite-openssl.ts'
import {
  type Conversion,
  type ConversionTarget,
  convertPriority,
} from '../../../src/priority/convert/convert.ts'
import { allowedTls, type Evaluation } from '../../../src/priority/evaluate.ts'
import { requirePriority } from '../../../src/priority/failure-diagnostics.ts'

const STRINGS = ['NORMAL', 'PFS', 'SECURE192', 'SUITEB128', 'NORMAL:+PSK:+DHE-PSK', 'PERFORMANCE']

function evaluate(text: string): Evaluation {
  return requirePriority({ name: 'test', text })
}

function convert(text: string, target: ConversionTarget): Conversion {
  return convertPriority(evaluate(text), target)
}

function opensslExpands(ciphers: string): readonly string[] | undefined {
  try {
    const args = ['ciphers', '-ciphersuites', '', `${ciphers}:@SECLEVEL=0`]
    return execFileSync('openssl', args, { encoding: 'utf8' }).trim().split(':')
  } catch {
    return undefined
  }
}

describe('to openssl', () => {
  it('prints every command', () => {
    expect(convert('SUITEB128', 'openssl')).toEqual({
      text: [
        'MinProtocol = TLSv1.2',
        'MaxProtocol = TLSv1.2',
        'CipherString = ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256',
        'Ciphersuites = ',
        'Groups = P-256:P-384',
        'SignatureAlgorithms = ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384',
        '',
      ].join('\n'),
      omissions: [],
      uncontrolled: [],
    })
  })

  it.skipIf(!opensslExpands('ALL') && !process.env.CI).each(STRINGS)(
    'means to `openssl ciphers` just the suites of %s',
    (text) => {
      const { suites } = allowedTls(evaluate(text))
      const expected = suites.filter((suite) => suite.keyExchange !== undefined)
      const printed = /^CipherString = (.*)$/m.exec(convert(text, 'openssl').text)?.[1] ?? ''
      const known = new Set(opensslExpands('ALL:COMPLEMENTOFALL'))
      const names = expected.map((suite) => opensslSuiteName(suite) ?? '')
      expect(opensslExpands(printed)).toEqual(names.filter((name) => known.has(name)))
    },
  )

  it('leaves out what it has no name for, and says so', () => {
    const { text, omissions } = convert('NORMAL:+CAMELLIA-256-GCM:+GROUP-GC256B', 'openssl')
    expect(text).not.toMatch(/CAMELLIA|GC256B/)
    expect(omissions.map(({ name }) => name)).toContain('TLS_RSA_WITH_CAMELLIA_256_GCM_SHA384')
  })

  it('keeps the newest of versions that do not follow one another', () => {
    const { text, omissions } = convert('NORMAL:-VERS-TLS1.1', 'openssl')
    expect(text).toContain('MinProtocol = TLSv1.2\nMaxProtocol = TLSv1.3\n')
    expect(omissions).toContainEqual({
      kind: 'version',
      name: 'TLS1.0',
      because: 'versions must follow one another',
    })
  })
})

describe('to node', () => {
  it.each(STRINGS)('gives options for %s that its OpenSSL accepts', (text) => {
    const options = JSON.parse(convert(text, 'node').text)
    expect(() => createSecureContext(options)).not.toThrow()
  })
})

describe('to nginx', () => {
  it('names versions one by one', () => {
    const { text } = convert('NORMAL:-VERS-TLS1.1', 'nginx')
    expect(text).toContain('ssl_protocols TLSv1 TLSv1.2 TLSv1.3;')
  })
})

describe('to java', () => {
  it('goes by the names of the registry', () => {
    const { text } = convert('NORMAL:-VERS-ALL:+VERS-TLS1.3', 'java')
    expect(text).toContain(
      'jdk.tls.client.cipherSuites=TLS_AES_256_GCM_SHA384,TLS_CHACHA20_POLY1305_SHA256,TLS_AES_128_GCM_SHA256\n',
    )
  })
})

describe('to go', () => {
  it('gives TLS 1.3 up where its fixed suites are not all allowed', () => {
    const { text, omissions } = convert('SECURE192', 'go')
    expect(text).toContain('MaxVersion: tls.VersionTLS12')
    expect(omissions).toContainEqual({
      kind: 'version',
      name: 'TLS1.3',
      because: 'its suites cannot be chosen',
    })
    expect(convert('NORMAL', 'go').text).toContain('MaxVersion: tls.VersionTLS13')
  })

  it('says what Go decides itself', () => {
    expect(convert('NORMAL', 'go').uncontrolled).toContain('signature schemes')
  })
})
