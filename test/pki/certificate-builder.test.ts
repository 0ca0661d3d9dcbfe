import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readPemBlocks } from '../../src/asn1/pem.ts'
import { createAuthority } from '../../src/pki/authority.ts'
import { readCertificateParts } from '../../src/pki/certificate-builder.ts'
import { encodeEntry, readEntries } from '../../src/pki/certificate-list.ts'
import { chooseSignature, encodeAlgorithm } from '../../src/pki/certificate-signature.ts'
import { parseAddress, parseDnsName } from '../../src/pki/host-names.ts'
import { layoutAt } from '../../src/pki/layout.ts'
import type { RevocationReason } from '../../src/pki/revocation-reasons.ts'
import { parseNamePart } from '../../src/pki/subject-name.ts'
import { certificateOf } from '../../src/x509/certificate.ts'
import { scratchFolder } from '../cli/command.ts'
import { spawnSync } from '../peers/child-process.ts'
import { hasPeer } from '../peers/peer.ts'
import { fc } from '../seed.ts'
import { element, integer, oid, pem, sequence } from '../tls/certificates.ts'
import { AUTHORITY, encodeName, type Made, make, makeList } from '../x509/made-certificate.ts'
import { issue, makeAuthority, strengthOf } from './credentials.ts'

const DAY = 86_400_000

/** Names that pass our checks: everything else is refused before it is signed. */
const namePart = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .map((text) => text.normalize('NFC').trim())
  .filter((text) => {
    try {
      return parseNamePart('--cn', text) === text
    } catch {
      return false
    }
  })

const dnsName = fc
  .tuple(fc.boolean(), fc.domain())
  .map(([isWildcard, name]) => (isWildcard ? `*.${name}` : name))
  .filter((text) => {
    try {
      return parseDnsName(text) !== undefined
    } catch {
      return false
    }
  })

const address = fc.oneof(fc.ipV4(), fc.ipV6())

const content = fc.record({
  commonName: namePart,
  organization: namePart,
  dns: fc.uniqueArray(dnsName, { maxLength: 3 }),
  ip: fc.array(address, { maxLength: 3 }),
})

/** An IPv6 address in the one form in which all its groups are there. */
function canonical(text: string): string {
  return isIPv6(text) ? parsedBytes(text) : text
}

function parsedBytes(text: string): string {
  const host = parseAddress(text)
  return host.kind === 'ip' ? host.bytes.toString('hex') : ''
}

test('random names are read as they were given, by node:crypto and by our model', () => {
  const folder = makeAuthority('ecdsa:secp256r1')
  fc.assert(
    fc.property(content, ({ commonName, organization, dns, ip }) => {
      const { certificate } = issue(folder, 'client', 'ecdsa:secp256r1', {
        commonName,
        organization,
        hosts: [...dns.map(parseDnsName), ...ip.map(parseAddress)],
      })
      const { alternativeNames } = certificateOf(certificate, { file: '', index: 0 })
      const values = (kind: string) =>
        alternativeNames.filter((name) => name.kind === kind).map(({ value }) => value)
      expect(values('dns')).toEqual(dns.map((name) => parseDnsName(name).value))
      expect(values('ip').map(canonical)).toEqual(ip.map(canonical))
      const legacy = certificate.toLegacyObject().subject
      expect(legacy).toMatchObject({ CN: commonName, O: organization })
      for (const name of dns.filter((text) => !text.startsWith('*'))) {
        expect(certificate.checkHost(name)).toBeDefined()
      }
    }),
    { numRuns: 150 },
  )
})

test.skipIf(!hasPeer('openssl') || !hasPeer('certtool'))(
  'random names are read as they were given, by openssl and certtool [openssl, certtool]',
  () => {
    const folder = makeAuthority('ecdsa:secp256r1')
    const run = (program: string, args: readonly string[]) =>
      spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
    fc.assert(
      fc.property(content, ({ commonName, organization, dns, ip }) => {
        const { certificateFile } = issue(folder, 'client', 'ecdsa:secp256r1', {
          commonName,
          organization,
          hosts: [...dns.map(parseDnsName), ...ip.map(parseAddress)],
        })
        const format = ['-nameopt', 'oneline,utf8,-esc_msb,-esc_2253,-esc_ctrl']
        const args = ['x509', '-in', certificateFile, '-noout', '-subject', ...format]
        expect(run('openssl', args).stdout).toContain(`CN = ${commonName}`)
        const { stdout, status } = run('certtool', ['-i', '--infile', certificateFile])
        expect(status).toBe(0)
        const names = [...stdout.matchAll(/DNSname: (.*)/g)].map((match) => match[1])
        expect(names).toEqual(dns.map((name) => parseDnsName(name).value))
        const addresses = [...stdout.matchAll(/IPAddress: (.*)/g)].map((match) => match[1] ?? '')
        expect(addresses.map(canonical)).toEqual(ip.map(canonical))
      }),
      { numRuns: 40 },
    )
  },
)

describe('times', () => {
  /** An authority made at a time, for so many days. */
  function authorityAt(now: Date, days: number): X509Certificate {
    return createAuthority({
      layout: layoutAt('qemu', scratchFolder()),
      strength: strengthOf(),
      subject: { commonName: 'CA' },
      key: { type: 'ed25519' },
      days,
      now,
    }).certificate
  }

  test.each([
    ['2026-01-01T00:00:00Z', 365],
    ['2049-12-30T12:34:56Z', 1],
    ['2049-12-31T23:59:59Z', 1],
    ['2050-01-01T00:00:00Z', 100],
    ['2050-01-01T01:00:00Z', 36_500],
    ['2026-02-28T23:59:59Z', 36_500],
  ])('are exact from %s for %d days', (start, days) => {
    const now = new Date(start)
    const { validFromDate, validToDate } = authorityAt(now, days)
    expect(validFromDate.getTime()).toBe(now.getTime() - 3_600_000)
    expect(validToDate.getTime()).toBe(now.getTime() + days * DAY)
  })

  test('have two digits of the year up to 2049 and four from 2050 on', () => {
    const { raw } = authorityAt(new Date('2049-12-31T23:59:59Z'), 1)
    const times = raw.toString('latin1')
    expect(times).toContain('\x17\x0d491231225959Z')
    expect(times).toContain('\x18\x0f20500101235959Z')
  })
})

describe('a certificate', () => {
  test('has a serial number of 159 bits, never the same', () => {
    const folder = makeAuthority('ed25519')
    const serials = Array.from(
      { length: 50 },
      () => issue(folder, 'client', 'ed25519').certificate.serialNumber,
    )
    expect(new Set(serials).size).toBe(50)
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{39}$/)
  })

  test('does not outlive its authority, and says so', () => {
    const folder = makeAuthority('ed25519')
    const authority = new X509Certificate(readFileSync(join(folder, 'ca-cert.pem')))
    const { certificate, notes } = issue(folder, 'client', 'ed25519', { days: 36_500 })
    expect(certificate.validToDate).toEqual(authority.validToDate)
    expect(certificate.validFromDate >= authority.validFromDate).toBe(true)
    expect(notes.map(({ code }) => code)).toEqual(['PKI_LIFETIME_CUT'])
  })

  test('names its authority in the same bytes, whatever encoded it', () => {
    const folder = makeAuthority('ed25519')
    const authority = new X509Certificate(readFileSync(join(folder, 'ca-cert.pem')))
    const { certificate } = issue(folder, 'client', 'ed25519')
    expect(certificate.checkIssued(authority)).toBe(true)
    expect(certificate.verify(authority.publicKey)).toBe(true)
    const { subject } = readCertificateParts(authority)
    expect(certificate.raw.includes(subject)).toBe(true)
  })
})

describe('the parts of a certificate', () => {
  const partsOf = ({ raw }: Made) => readCertificateParts(new X509Certificate(raw))
  const id = Buffer.from('0a0b', 'hex')
  const keyId = [['2.5.29.14', false, Buffer.concat([Buffer.from([4, 2]), id])]] as const

  test('are found in every version, with the identifier of the key that it tells', () => {
    const issuer = make({ subject: 'issuer', ...AUTHORITY })
    const names = [[0x82, Buffer.from('a')]] as const
    const present = partsOf(make({ subject: 'x', issuer, names, extensions: keyId }))
    expect(present).toEqual({
      subject: encodeName('x'),
      alternativeNames: Buffer.from('3003820161', 'hex'),
      keyId: id,
    })
    for (const version of [1, 3] as const) {
      const made = make({ subject: 'x', issuer, version })
      const { subject, alternativeNames, ...rest } = partsOf(made)
      expect([subject, alternativeNames]).toEqual([encodeName('x'), undefined])
      // RFC 7093 section 2, method 1; the key is what stands behind 27 bytes on this curve.
      const bits = made.publicKey.export({ type: 'spki', format: 'der' }).subarray(26)
      expect(rest.keyId).toEqual(createHash('sha256').update(bits).digest().subarray(0, 20))
    }
  })

  test('are refused where the identifier is no octets', () => {
    const bad = [['2.5.29.14', false, Buffer.from([5, 0])]] as const
    expect(() => partsOf(make({ subject: 'x', extensions: bad }))).toThrow(RangeError)
  })
})

/** RFC 4055 section 5, RFC 5758 section 3.2, RFC 8410 section 3, RFC 9881 section 2. */
test.each([
  [{ type: 'rsa', bits: 3072 }, '300d06092a864886f70d01010b0500'],
  [{ type: 'ecdsa', curve: 'secp256r1' }, '300a06082a8648ce3d040302'],
  [{ type: 'ecdsa', curve: 'secp384r1' }, '300a06082a8648ce3d040303'],
  [{ type: 'ecdsa', curve: 'secp521r1' }, '300a06082a8648ce3d040304'],
  [{ type: 'ed25519' }, '300506032b6570'],
  [{ type: 'ed448' }, '300506032b6571'],
  [{ type: 'ml-dsa-44' }, '300b0609608648016503040311'],
  [{ type: 'ml-dsa-87' }, '300b0609608648016503040313'],
] as const)('only the signatures of RSA have parameters: %j', (kind, hex) => {
  expect(encodeAlgorithm(chooseSignature(kind, strengthOf())).toString('hex')).toBe(hex)
})

test('entries of a list stand as they are, in either version', () => {
  const signer = make({ subject: 'root', ...AUTHORITY })
  const entriesOf = (text: string) => {
    const [block] = readPemBlocks({ name: 'x', text }, ['X509 CRL'], 'list')
    return readEntries(block?.bytes ?? Buffer.alloc(0)).map((entry) => entry.toString('hex'))
  }
  const [entry] = entriesOf(makeList({ signer, revoked: [5, 6], number: 1 }))
  expect(entry).toMatch(/^3014020105180f/)
  expect(entriesOf(makeList({ signer, revoked: [5, 6], number: 1 }))).toHaveLength(2)
  expect(entriesOf(makeList({ signer, revoked: [], number: 1 }))).toEqual([])
  expect(entriesOf(makeList({ signer, revoked: [] }))).toEqual([])
  const algorithm = sequence(oid('2a03'))
  const time = element(0x17, Buffer.from('260101000000Z'))
  const old = sequence(algorithm, encodeName('x'), time, sequence(sequence(integer(7), time)))
  const first = sequence(old, algorithm, element(0x03, Buffer.from([0])))
  expect(entriesOf(pem(first, 'X509 CRL'))).toEqual([
    `3012020107170d${Buffer.from('260101000000Z').toString('hex')}`,
  ])
})

test('of a revoked certificate every reason but one is written', () => {
  const date = new Date('2030-01-02T03:04:05Z')
  const written = (reason: RevocationReason) => encodeEntry({ serial: '0ABC', reason }, date)
  const base = `02020abc170d${Buffer.from('300102030405Z').toString('hex')}`
  expect(written('unspecified').toString('hex')).toBe(`3013${base}`)
  // RFC 5280 section 5.3.1.
  const numbers = {
    keyCompromise: 1,
    superseded: 4,
    cessationOfOperation: 5,
    privilegeWithdrawn: 9,
  }
  for (const [reason, number] of Object.entries(numbers)) {
    expect(written(reason as RevocationReason).toString('hex')).toBe(
      `3021${base}300c300a0603551d1504030a010${number}`,
    )
  }
})

test.skipIf(!hasPeer('certtool'))('an authority made by certtool can be used [certtool]', () => {
  const folder = scratchFolder()
  const run = (args: readonly string[]) => spawnSync('certtool', args, { cwd: folder })
  writeFileSync(join(folder, 'ca.tmpl'), 'cn = Old CA\nca\ncert_signing_key\n')
  run(['--generate-privkey', '--key-type=rsa', '--bits=3072', '--outfile=ca-key.pem'])
  const key = ['--load-privkey=ca-key.pem', '--template=ca.tmpl', '--outfile=ca-cert.pem']
  run(['--generate-self-signed', ...key])
  issue(folder, 'server', 'ed25519')
  const args = ['--verify', '--load-ca-certificate=ca-cert.pem', '--infile=server-cert.pem']
  expect(run(args).status).toBe(0)
})
