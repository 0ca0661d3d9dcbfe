/** Certificates and hosts, and whether they fit. */
import { CLIENT_AUTH, type Description, SERVER_AUTH } from './made-certificate.ts'

export type HostCase = readonly [
  name: string,
  certificate: Description,
  host: string,
  fits: boolean,
]

const dns = (...names: string[]): Description => ({
  names: names.map((name) => [0x82, Buffer.from(name)] as const),
})

const ALTERNATIVES: Description = {
  subject: 'qemu.org',
  names: [
    [0x82, Buffer.from('www.qemu.org')],
    [0x82, Buffer.from('qemu.org')],
    [0x87, Buffer.from([192, 168, 122, 1])],
    [0x87, Buffer.from('fec000000000000000000000deadbeaf', 'hex')],
  ],
}

const COMMON: Description = { subject: 'qemu.org' }
const OTHERS = { ...COMMON, ...dns('www.qemu.org', 'wiki.qemu.org') }
const WILD = dns('*.qemu.org')
const withPurpose = (purpose: string): Description => ({
  ...COMMON,
  extendedKeyUsage: { critical: false, purposes: [purpose] },
})

/** What GnuTLS maps to a host where we refuse it: it drops tabs and takes fullwidth forms. */
export const MAPPED_BY_GNUTLS: readonly string[] = [
  ...['ev\til.test', 'evil\u{ff0f}.test', '\u{ff11}27.0.0.1'],
]

/** Texts that a reader of URLs takes for the host in front. */
const NOT_HOSTS: readonly HostCase[] = [
  ...['evil.test/.good.example', 'evil.test?.good.example', 'evil.test#.good.example'],
  ...['evil.test\\.good.example', '%65vil.test', 'ev\til.test', 'user@evil.test', 'evil.test:443'],
  ...[' evil.test', 'evil.test ', 'evil.test/', '//evil.test', 'evil\u{ff0f}.test', ''],
].map((host): HostCase => [`no host: ${JSON.stringify(host)}`, dns('evil.test'), host, false])

/** Numbers that a reader of URLs takes for an address. */
const NOT_ADDRESSES: readonly HostCase[] = [
  ...['0x7f000001', '2130706433', '127.0.0.01', '127.1', '0177.0.0.1', '127.0.0.1.'],
  ...['\u{ff11}27.0.0.1', '127.0.0.1%', '::ffff:127.0.0.1', '[127.0.0.1]'],
].flatMap((host): readonly HostCase[] => [
  [`no address: ${host}`, dns('127.0.0.1'), host, false],
  [`no address: ${host}, of one`, { names: [[0x87, Buffer.from([127, 0, 0, 1])]] }, host, false],
])

export const HOST_CASES: readonly HostCase[] = [
  ...NOT_HOSTS,
  ...NOT_ADDRESSES,
  ['address in groups', ALTERNATIVES, 'FEC0:0:0:0:0:0:DEAD:BEAF', true],
  ['address with octets', ALTERNATIVES, 'fec0::222.173.190.175', true],
  ['address with a zone', ALTERNATIVES, 'fec0::dead:beaf%eth0', false],
  ['star of another host, as long', WILD, 'www.evil.org', false],
  ['star of another host, longer', WILD, 'wwwwww.evil.org', false],
  ['star of another host, shorter', WILD, 'evil.org', false],
  ['star of a host with the same ending', WILD, 'notqemu.org', false],
  ['basicca', COMMON, 'qemu.org', true],
  ['altname1', ALTERNATIVES, 'qemu.org', true],
  ['altname2', ALTERNATIVES, 'www.qemu.org', true],
  ['altname3', ALTERNATIVES, 'wiki.qemu.org', false],
  ['altname4', ALTERNATIVES, '192.168.122.1', true],
  ['altname5', ALTERNATIVES, 'fec0::dead:beaf', true],
  ['altname6', OTHERS, 'qemu.org', false],
  ['altname7', OTHERS, 'www.qemu.org', true],
  ['altname8', OTHERS, 'wiki.qemu.org', true],
  ['another address', ALTERNATIVES, '192.168.122.2', false],
  ['wildcard', WILD, 'www.qemu.org', true],
  ['wildcard for two labels', WILD, 'a.b.qemu.org', false],
  ['wildcard for none', WILD, 'qemu.org', false],
  ['wildcard with a trailing dot', WILD, 'www.qemu.org.', false],
  ['wildcard in capitals', WILD, 'WWW.QEMU.org', true],
  ['wildcard of two labels', dns('*.org'), 'qemu.org', false],
  ['wildcard alone', dns('*'), 'qemu', false],
  ['wildcard of a part', dns('*w.qemu.org'), 'www.qemu.org', true],
  ['wildcard of no part', dns('*www.qemu.org'), 'www.qemu.org', true],
  // In small letters the sign of kelvin is a k.
  ['a letter that only looks like one', { subject: '\u{212a}emu.org' }, 'kemu.org', false],
  ['such a letter within', { subject: 'www.\u{212a}emu.org' }, 'www.kemu.org', false],
  ['a letter beyond ASCII at the end', { subject: 'qemu.or\u{e9}' }, 'qemu.or', false],
  ['wildcard within', dns('w*.qemu.org'), 'www.qemu.org', false],
  ['wildcard in the middle', dns('www.*.org'), 'www.qemu.org', false],
  ['wildcard in the common name', { subject: '*.qemu.org' }, 'www.qemu.org', true],
  ['capitals', dns('QEMU.ORG'), 'qemu.org', true],
  ['trailing dot in the certificate', dns('qemu.org.'), 'qemu.org', false],
  ['address as a common name', { subject: '192.0.2.1' }, '192.0.2.1', false],
  ['address as a host', dns('192.0.2.1'), '192.0.2.1', false],
  ['common name of a server', withPurpose(SERVER_AUTH), 'qemu.org', true],
  ['common name of a client', withPurpose(CLIENT_AUTH), 'qemu.org', false],
  ['common name of anything', withPurpose('2.5.29.37.0'), 'qemu.org', true],
  [
    'mailbox beside the common name',
    { ...COMMON, names: [[0x81, Buffer.from('a@b')]] },
    'qemu.org',
    true,
  ],
  [
    'URI beside the common name',
    { ...COMMON, names: [[0x86, Buffer.from('x:y')]] },
    'qemu.org',
    false,
  ],
  [
    'two common names',
    {
      subject: [
        [['2.5.4.3', 0x0c, Buffer.from('qemu.org')]],
        [['2.5.4.3', 0x0c, Buffer.from('evil.org')]],
      ],
    },
    'qemu.org',
    false,
  ],
  ['zero byte', dns('qemu.org\0.evil.org'), 'qemu.org', false],
  ['zero byte at the end', dns('qemu.org\0'), 'qemu.org', false],
]
