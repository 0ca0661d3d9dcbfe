import { expect, test } from 'vitest'
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
  [443, 'tls'],
  [5432, 'postgresql'],
  [5900, 'vnc'],
  [10809, 'nbd'],
  [16514, 'libvirt'],
])('port %i stands for %s', (port, scheme) => {
  expect(upgradeOfPort(port)?.scheme).toBe(scheme)
})
