import { describe, expect, it } from 'vitest'
import {
  findTlsSuiteByOpensslName,
  opensslSuiteName,
} from '../../src/algorithms/tls-suite-openssl.ts'
import { findTlsSuite, TLS_SUITES } from '../../src/algorithms/tls-suites.ts'
import { execFileSync } from '../peers/child-process.ts'

const EVERYTHING = 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'

function installedSuites(): readonly { number: number; name: string }[] | undefined {
  try {
    const text = execFileSync('openssl', ['ciphers', '-V', EVERYTHING], { encoding: 'utf8' })
    const lines = text.trim().split('\n')
    return lines.map((line) => {
      const [, high = '', low = '', name = ''] = /0x(..),0x(..) - (\S+)/.exec(line) ?? []
      return { number: Number.parseInt(high + low, 16), name }
    })
  } catch {
    return undefined
  }
}

const installed = installedSuites()

describe.skipIf(!installed && !process.env.CI)('openssl ciphers', () => {
  it('gives every suite that both know the same name', () => {
    if (!installed) throw new Error('openssl is needed in CI')
    const shared = installed.filter(({ number }) => findTlsSuite(number))
    expect(shared.length).toBeGreaterThan(100)
    for (const { number, name } of shared) {
      const suite = findTlsSuite(number)
      expect({ number, name: suite && opensslSuiteName(suite) }).toEqual({ number, name })
    }
  })
})

describe('the OpenSSL name of a suite', () => {
  it('is found again, where there is one', () => {
    for (const suite of TLS_SUITES) {
      const name = opensslSuiteName(suite)
      if (name !== undefined) expect(findTlsSuiteByOpensslName(name)).toBe(suite)
    }
  })

  it('does not exist for what OpenSSL does not have', () => {
    expect(opensslSuiteName(findTlsSuite(0xc102)!)).toBeUndefined()
    expect(opensslSuiteName(findTlsSuite(0xc07a)!)).toBeUndefined()
  })
})
