/** Which release of a library a program uses, by what released programs print. */
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  type ConversionTarget,
  type Library,
  releasesOf,
} from '../../src/priority/library-releases.ts'
import { findInstalledRelease } from '../../src/system/installed-library.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'
import { testWith } from '../peers/peer.ts'

/** Lets a host have these programs and no others, each of which prints a text. */
function haveOnly(programs: Readonly<Record<string, string>>, to: 1 | 2 = 1): void {
  const folder = scratchFolder()
  for (const [name, text] of Object.entries(programs)) {
    writeFiles(folder, { [name]: `#!/bin/sh\nexec /bin/cat >&${to} <<'END'\n${text}\nEND\n` })
    chmodSync(join(folder, name), 0o755)
  }
  const { PATH } = process.env
  onTestFinished(() => {
    process.env.PATH = PATH
  })
  process.env.PATH = folder
}

const NGINX = (library: string) =>
  `nginx version: nginx/1.22.1\n${library}\nTLS SNI support enabled\nconfigure arguments: --with-http_ssl_module`

/** Of a release that is newer than all that are known. */
const NEWEST = releasesOf('openssl').at(-1) ?? ''

/** Target, its library, program, what it prints, the release whose words it takes. */
const ANSWERS: readonly (readonly [ConversionTarget, Library, string, string, string])[] = [
  ['openssl', 'openssl', 'openssl', 'OpenSSL 3.0.17 1 Jul 2025 (Library: OpenSSL 3.0.17)', '3.0'],
  ['apache', 'openssl', 'openssl', 'OpenSSL 3.5.1 1 Jul 2025', '3.5'],
  ['node', 'openssl', 'node', '3.5.4', '3.5'],
  ['nginx', 'openssl', 'nginx', NGINX('built with OpenSSL 3.0.15 3 Sep 2024'), '3.0'],
  [
    'nginx',
    'openssl',
    'nginx',
    NGINX('built with OpenSSL 1.1.1w  11 Sep 2023 (running with OpenSSL 3.5.1 1 Jul 2025)'),
    '3.5',
  ],
  [
    'haproxy',
    'openssl',
    'haproxy',
    'Built with OpenSSL version : OpenSSL 1.1.1n\nRunning on OpenSSL version : OpenSSL 3.0.17 1 Jul 2025',
    '3.0',
  ],
  ['postfix', 'openssl', 'postconf', 'OpenSSL 3.2.2', '3.2'],
  ['postfix', 'openssl', 'postconf', 'OpenSSL 3.0.10', '3.0'],
  ['haproxy', 'openssl', 'haproxy', 'Running on OpenSSL version : OpenSSL 3.10.11 x', NEWEST],
  ['nginx', 'openssl', 'nginx', NGINX('built with OpenSSL 10.11.12 1 Jan 2040'), NEWEST],
  ['openssl', 'openssl', 'openssl', 'OpenSSL 10.11.12 1 Jan 2040', NEWEST],
  ['nss', 'nss', 'dpkg-query', 'Package: libnss3\nVersion: 12:3.87.1-1', '3.87'],
  ['nss', 'nss', 'dpkg-query', 'Package: libnss3\nVersion: 3.87.1-1', '3.87'],
  ['java', 'jdk', 'java', 'openjdk version "17.0.16" 2025-07-15', '17'],
  ['java', 'jdk', 'java', 'openjdk version "24.0.2" 2025-07-15', '21'],
  ['go', 'go', 'go', 'go1.24.4', '1.24'],
  ['nss', 'nss', 'nss-config', '3.87.1', '3.87'],
  ['nss', 'nss', 'rpm', '3.112.0', '3.110'],
  [
    'nss',
    'nss',
    'dpkg-query',
    'Package: libnss3\nStatus: install ok installed\nVersion: 2:3.87.1-1+deb12u1',
    '3.87',
  ],
]

test.each(ANSWERS)('%s uses %s, by %s: %s', (target, library, program, text, release) => {
  haveOnly({ [program]: text })
  expect(findInstalledRelease(target, library)).toEqual({ [library]: release })
})

test('what a program prints on standard error counts as well', () => {
  haveOnly({ java: 'openjdk version "21.0.8" 2025-07-15 LTS' }, 2)
  expect(findInstalledRelease('java', 'jdk')).toEqual({ jdk: '21' })
})

test('a host without the program, or with one that prints something else, tells nothing', () => {
  haveOnly({ openssl: 'LibreSSL 3.9.2' })
  const refused = refusal('SYSTEM_NO_INSTALLED_LIBRARY')
  expect(() => findInstalledRelease('go', 'go')).toThrow(refused)
  expect(() => findInstalledRelease('openssl', 'openssl')).toThrow(refused)
})

test('a release older than all whose words are known is refused', () => {
  haveOnly({ openssl: 'OpenSSL 1.0.2k-fips  26 Jan 2017', java: 'java version "1.8.0_452"' })
  const refused = refusal('SYSTEM_OLD_INSTALLED_LIBRARY')
  expect(() => findInstalledRelease('apache', 'openssl')).toThrow('openssl 1.0.2 of this host')
  expect(() => findInstalledRelease('apache', 'openssl')).toThrow(refused)
  expect(() => findInstalledRelease('java', 'jdk')).toThrow(refused)
})

testWith('openssl', 'the one of this host is found', () => {
  expect(findInstalledRelease('openssl', 'openssl').openssl).toMatch(/^\d+\.\d+(\.\d+)?$/)
})
