/** A cipher list of OpenSSL as a yardstick: it says which suites there are before TLS 1.3, and nothing else. */
import { NOTHING_ALLOWED } from '../../algorithms/allowed-tls.ts'
import type { OpensslSuite } from '../../algorithms/openssl-suites.ts'
import { findTlsSuiteByOpensslName } from '../../algorithms/tls-suite-openssl.ts'
import { TLS_SUITES } from '../../algorithms/tls-suites.ts'
import type { Source } from '../../diagnostics/source.ts'
import { expandCipherList } from '../../priority/cipher-list/cipher-list.ts'
import type { OpensslRelease } from '../../priority/library-releases.ts'
import { keyExchangeOf, suiteName } from '../messages/iana-suites.ts'
import type { OtherSuite, TlsYardstick } from './yardstick.ts'

/** @throws nothing: a list that OpenSSL would refuse has been refused before. */
export function cipherListYardstick(source: Source, release: OpensslRelease): TlsYardstick {
  const { suites } = expandCipherList(source, release)
  const selected = suites.flatMap(({ name }) => findTlsSuiteByOpensslName(name) ?? [])
  const selectedNames = new Set(suites.map(({ number }) => suiteName(number)))
  const tls13 = TLS_SUITES.filter(({ keyExchange }) => keyExchange === undefined)
  return {
    title: `the cipher list ${source.text}`,
    allowed: { ...NOTHING_ALLOWED, suites: [...tls13, ...selected] },
    otherSuites: suites.filter(({ name }) => !findTlsSuiteByOpensslName(name)).map(describeOther),
    silentOn: ['version', 'group', 'signature scheme', 'key size'],
    reasonsFor: ({ name }) => {
      const text = `${source.text} ${selectedNames.has(name) ? 'selects' : 'does not select'} it`
      return [{ text, place: null }]
    },
  }
}

/** All that OpenSSL has beside the shared tables are suites of GCM, which came with TLS 1.2. */
function describeOther({ number }: OpensslSuite): OtherSuite {
  const keyExchange = keyExchangeOf(number).replaceAll('_', '-')
  return { name: suiteName(number), keyExchange, version: 'TLS1.2' }
}
