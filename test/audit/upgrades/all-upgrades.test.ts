import { expect, test } from 'vitest'
import { SCHEMES, schemeOfPort } from '../../../src/audit/scan/schemes.ts'
import { parseTarget } from '../../../src/audit/scan/target.ts'
import { UPGRADES, upgradeOf, upgradeOfPort } from '../../../src/audit/upgrades/all-upgrades.ts'

test('every scheme names one protocol', () => {
  const schemes = UPGRADES.map(({ scheme }) => scheme)
  expect(new Set(schemes).size).toBe(schemes.length)
  expect(upgradeOf('postgres')?.scheme).toBe('postgresql')
  expect(upgradeOf('constructor')).toBeUndefined()
})

/** Ports of the IANA registry, and those that libvirt and VNC take. */
test.each([
  [25, 'smtp'],
  [143, 'imap'],
  [389, 'ldap'],
  [5432, 'postgresql'],
  [5900, 'vnc'],
  [10809, 'nbd'],
])('port %i stands for %s', (port, scheme) => {
  expect(upgradeOfPort(port)?.scheme).toBe(scheme)
})

test('ports where TLS begins at once, and those that no protocol has, stand for TLS', () => {
  for (const port of [443, 465, 6379, 16514, 49152, 4433])
    expect(upgradeOfPort(port)).toBeUndefined()
})

test('a target without a scheme has that of its port, unless one is written', () => {
  const schemeOf = (text: string) => parseTarget(text, SCHEMES, schemeOfPort).scheme
  expect(schemeOf('host:10809')).toBe('nbd')
  expect(schemeOf('[::1]:5432')).toBe('postgresql')
  expect(schemeOf('host:22')).toBe('ssh')
  expect(schemeOf('host:443')).toBe('tls')
  expect(schemeOf('host')).toBe('tls')
  expect(schemeOf('tls://host:10809')).toBe('tls')
})

test('no name is asked for where the host is an address, in whatever form a resolver takes', () => {
  const nameOf = (text: string) => parseTarget(text, SCHEMES, schemeOfPort).serverName
  for (const host of ['127.0.0.1', '[::1]', '127.1', '0x7f000001', '0X7f.1', '2130706433']) {
    expect(nameOf(`${host}:443`)).toBeUndefined()
  }
  for (const host of ['localhost', 'a1.example', '1.example', '0x.example', '3com']) {
    expect(nameOf(`${host}:443`)).toBe(host)
  }
})
