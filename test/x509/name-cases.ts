/** Names below authorities with name constraints. */
import { element, sequence } from '../tls/certificates.ts'
import type { ChainCase } from './chain-cases.ts'
import {
  type Attribute,
  AUTHORITY,
  CLIENT_AUTH,
  type Description,
  ENDPOINT,
  encodeIdentifier,
  encodeName,
  make,
  SERVER_AUTH,
} from './made-certificate.ts'

type Name = readonly [tag: number, value: Buffer]

/** NameConstraints with permitted and excluded names by their tags. */
export function constraints(
  permitted: readonly Name[],
  excluded: readonly Name[] = [],
): Description {
  const list = (tag: number, names: readonly Name[]): Buffer[] =>
    names.length === 0
      ? []
      : [element(tag, ...names.map(([kind, value]) => sequence(element(kind, value))))]
  const value = sequence(...list(0xa0, permitted), ...list(0xa1, excluded))
  return { extensions: [['2.5.29.30', true, value]] }
}

const dns = (value: string): Name => [0x82, Buffer.from(value)]
const mail = (value: string): Name => [0x81, Buffer.from(value)]
const uri = (value: string): Name => [0x86, Buffer.from(value)]
const ip = (...values: number[]): Name => [0x87, Buffer.from(values)]
const directory = (subject: Description['subject']): Name => [0xa4, encodeName(subject)]
const registered: Name = [0x88, Buffer.from([0x2a, 3])]

const only = (...permitted: readonly Name[]): Description => constraints(permitted)
const never = (...excluded: readonly Name[]): Description => constraints([], excluded)

type Row = readonly [
  name: string,
  limits: Description | readonly Description[],
  names: readonly Name[],
  verdict?: 'forbidden' | 'malformed' | undefined,
  more?: {
    readonly subject?: Description['subject']
    readonly differs?: string
    readonly extendedKeyUsage?: Description['extendedKeyUsage']
  },
]

const NET_10 = ip(10, 0, 0, 0, 255, 0, 0, 0)
const NET_10_1 = ip(10, 1, 0, 0, 255, 255, 0, 0)
const NET_192 = ip(192, 168, 0, 0, 255, 255, 0, 0)
const NET_6: Name = [0x87, Buffer.from(`20010db8${'0'.repeat(24)}ffffffff${'0'.repeat(24)}`, 'hex')]

const IN_NET_6: Name = [0x87, Buffer.from(`20010db8${'0'.repeat(23)}1`, 'hex')]

const organization = (tag: number, value: Buffer | string): readonly (readonly Attribute[])[] => [
  [['2.5.4.10', tag, Buffer.from(value)]],
]

const mailboxes = (...texts: readonly string[]): readonly (readonly Attribute[])[] =>
  texts.map((text) => [['1.2.840.113549.1.9.1', 0x16, Buffer.from(text)]])

const service = (text: string): Name => [
  0xa0,
  Buffer.concat([
    encodeIdentifier('1.3.6.1.5.5.7.8.7'),
    element(0xa0, element(0x16, Buffer.from(text))),
  ]),
]

const STRICTER = 'it does not compare them and takes all'

const TWO_NAMES = [
  [['2.5.4.3', 0x0c, Buffer.from('a.qemu.org')]],
  [['2.5.4.3', 0x0c, Buffer.from('b.qemu.org')]],
] as const

const HOSTS: readonly Row[] = [
  ['below', only(dns('qemu.org')), [dns('www.qemu.org')]],
  ['the name itself', only(dns('qemu.org')), [dns('qemu.org')]],
  ['capitals', only(dns('QEMU.org')), [dns('www.qemu.ORG')]],
  ['another', only(dns('qemu.org')), [dns('www.example.org')], 'forbidden'],
  ['second of two permitted', only(dns('a.org'), dns('qemu.org')), [dns('www.qemu.org')]],
  ['one of two', only(dns('qemu.org')), [dns('www.qemu.org'), dns('b.org')], 'forbidden'],
  ['same ending', only(dns('qemu.org')), [dns('notqemu.org')], 'forbidden'],
  ['excluded', never(dns('evil.org')), [dns('a.evil.org')], 'forbidden'],
  [
    'star for an excluded host',
    never(dns('evil.qemu.org')),
    [dns('*.qemu.org')],
    'forbidden',
    { differs: 'it compares the star like any letter' },
  ],
  ['star too short for it', never(dns('a.evil.qemu.org')), [dns('*.qemu.org')]],
  ['star beside it', never(dns('evil.org')), [dns('*.qemu.org')]],
  ['not excluded', never(dns('evil.org')), [dns('good.org')]],
  ['excluded dot', never(dns('localhost.')), [dns('localhost')], 'forbidden'],
  ['dot excluded', never(dns('localhost')), [dns('localhost.')], 'forbidden'],
  ['dots excluded', never(dns('evil.org')), [dns('a.evil.org..')], 'forbidden'],
  ['permitted dot', only(dns('qemu.org.')), [dns('www.qemu.org')]],
  ['hosts below', only(dns('.qemu.org')), [dns('www.qemu.org')]],
  ['hosts below, itself', only(dns('.qemu.org')), [dns('qemu.org')], 'forbidden'],
  ['all excluded', never(dns('')), [dns('qemu.org')], 'forbidden'],
  ['all permitted', only(dns('')), [dns('qemu.org')]],
  ['all and one permitted', only(dns(''), dns('a.org')), [dns('b.org')], 'forbidden'],
  ['all, then some', [only(dns('')), only(dns('qemu.org'))], [dns('a.qemu.org')], 'forbidden'],
  ['some, then all', [only(dns('qemu.org')), only(dns(''))], [dns('a.qemu.org')], 'forbidden'],
  ['all, then all', [only(dns('')), only(dns(''))], [dns('a.qemu.org')]],
  ['all or b.org, then some', [only(dns(''), dns('b.org')), only(dns('b.org'))], [dns('a.b.org')]],
  [
    'mailboxes: all, then some',
    [only(mail('')), only(mail('a.org'))],
    [mail('x@a.org')],
    'forbidden',
  ],
  ['mailboxes: all, then all', [only(mail('')), only(mail(''))], [mail('x@a.org')]],
  ['mailboxes: all', only(mail('')), [mail('x@a.org')]],
  ['0/0, then 10/8', [only(ip(0, 0, 0, 0, 0, 0, 0, 0)), only(NET_10)], [ip(10, 1, 1, 1)]],
  ['common name', only(dns('qemu.org')), [], 'forbidden', { subject: 'www.example.org' }],
  ['common name below', only(dns('qemu.org')), [], undefined, { subject: 'www.qemu.org' }],
  ['two common names', only(dns('qemu.org')), [], 'forbidden', { subject: TWO_NAMES }],
  [
    'two common names, limits of addresses too',
    constraints([dns('qemu.org'), NET_10]),
    [],
    'forbidden',
    { subject: TWO_NAMES },
  ],
]

/** RFC 3986: the host begins after the last @ of the authority, and ends before its port. */
const URIS_WITHIN = [
  'HTTPS://QEMU.org',
  'nbd+tls.x-1://qemu.org/x',
  'https://qemu.org?a',
  'https://qemu.org#a',
  'https://qemu.org:',
  'https://qemu.org./',
  'ftp://a:b@qemu.org:21/good.org',
]

const URIS_OUTSIDE = [
  'https://good.org/qemu.org',
  'https://good.org?@qemu.org',
  'https://good.org#@qemu.org',
  'https://qemu.org@good.org/',
  'https://a@b@qemu.org',
  'https://qemu.org:x/',
  'https://qemu.org:80:80/',
  '//qemu.org/',
  'x https://qemu.org/',
  '1a://qemu.org/',
  'https:qemu.org',
  'https://[qemu.org]/',
]

const OTHERS: readonly Row[] = [
  ['address within', only(NET_192), [ip(192, 168, 3, 4)]],
  ['address of IPv6 within', only(NET_6), [IN_NET_6]],
  ['address of IPv6 excluded', never(NET_6), [IN_NET_6], 'forbidden'],
  ['address outside', only(NET_192), [ip(192, 169, 3, 4)], 'forbidden'],
  ['address of another kind', only(NET_192), [[0x87, Buffer.alloc(16)]]],
  ['address excluded', never(NET_192), [ip(192, 168, 3, 4)], 'forbidden'],
  ['network with a host', only(ip(10, 1, 1, 1, 255, 0, 0, 0)), [ip(10, 2, 3, 4)]],
  ['mask with a gap', only(ip(10, 0, 0, 0, 255, 0, 255, 0)), [dns('a.org')], 'forbidden'],
  ['network cut off', only(ip(10, 0, 0, 0, 255)), [dns('a.org')], 'forbidden'],
  ['name with two dots', only(dns('a..b')), [dns('a.org')], 'forbidden'],
  ['name of a dot', never(dns('.')), [dns('a.org')], 'forbidden'],
  ['a kind that is not known', never(registered), [dns('a.org')], 'forbidden'],
  ['mailbox', only(mail('qemu.org')), [mail('a@qemu.org')]],
  ['mailbox in capitals', only(mail('qemu.org')), [mail('a@QEMU.org')]],
  [
    'mailbox in the subject beside one that counts',
    only(mail('qemu.org')),
    [mail('a@qemu.org')],
    undefined,
    { subject: [[['1.2.840.113549.1.9.1', 0x16, Buffer.from('a@evil.org')]]] },
  ],
  ['mailbox elsewhere', only(mail('qemu.org')), [mail('a@b.org')], 'forbidden'],
  ['mailbox below', only(mail('qemu.org')), [mail('a@www.qemu.org')], 'forbidden'],
  ['mailbox of a host below', only(mail('.qemu.org')), [mail('a@www.qemu.org')]],
  ['one mailbox', only(mail('User@qemu.org')), [mail('User@QEMU.org')]],
  ['one mailbox, other case', only(mail('User@qemu.org')), [mail('user@qemu.org')], 'forbidden'],
  ['mailbox excluded, dot', never(mail('qemu.org')), [mail('a@qemu.org.')], 'forbidden'],
  ['URI excluded', never(uri('evil.org')), [uri('https://evil.org/')], 'forbidden'],
  ['URI without a host', never(uri('evil.org')), [uri('urn:evil.org')], 'forbidden'],
  ['URI with a user', never(uri('evil.org')), [uri('https://a@evil.org/')], 'forbidden'],
  ['URI permitted', only(uri('qemu.org')), [uri('https://qemu.org:8080/x')]],
  [
    'URI elsewhere',
    only(uri('qemu.org')),
    [uri('https://b.org/')],
    'forbidden',
    { differs: STRICTER },
  ],
  [
    'URI that decodes to the host',
    only(uri('qemu.org')),
    [uri('https://qem%75.org/')],
    'forbidden',
    { differs: STRICTER },
  ],
  ...URIS_WITHIN.map((text): Row => [`within: ${text}`, only(uri('QEMU.org')), [uri(text)]]),
  ...URIS_OUTSIDE.map(
    (text): Row => [
      `outside: ${text}`,
      only(uri('qemu.org')),
      [uri(text)],
      'forbidden',
      { differs: STRICTER },
    ],
  ),
  [
    'URI of an address',
    only(uri('10.0.0.1')),
    [uri('https://10.0.0.1/')],
    'forbidden',
    { differs: STRICTER },
  ],
  ['empty host', {}, [dns('')], 'malformed'],
  ['empty address', {}, [ip()], 'malformed'],
  ['empty mailbox', {}, [mail('')], 'malformed'],
  ['empty URI', {}, [uri('')], 'malformed'],
]

const EVIL_16 = Buffer.from('Evil', 'utf16le').swap16()
const EVIL_32 = Buffer.from(EVIL_16.toString('hex').replaceAll(/..../g, '0000$&'), 'hex')
const EVIL = directory(organization(0x0c, 'Evil'))

const DIRECTORIES: readonly Row[] = [
  ...(
    [
      ['the same', organization(0x0c, 'Evil')],
      ['another string', organization(0x13, 'Evil')],
      ['a space more', organization(0x0c, 'Evil ')],
      ['other case', organization(0x0c, 'EVIL')],
      ['UTF-16', organization(0x1e, Buffer.from('\0E\0v\0i\0l'))],
      ['Latin', organization(0x14, Buffer.from([0x45, 0xe9]))],
    ] as const
  ).map(
    ([name, subject]): Row => [`excluded O, ${name}`, never(EVIL), [], 'forbidden', { subject }],
  ),
  ['permitted O, UTF-16', only(EVIL), [], undefined, { subject: organization(0x1e, EVIL_16) }],
  ['permitted O, UTF-32', only(EVIL), [], undefined, { subject: organization(0x1c, EVIL_32) }],
  ['permitted O, spaces', only(EVIL), [], undefined, { subject: organization(0x13, ' evil  ') }],
  [
    'permitted O, another',
    only(EVIL),
    [],
    'forbidden',
    { subject: organization(0x0c, 'Good'), differs: STRICTER },
  ],
]

/** Two authorities, the root first. */
const PATHS: readonly Row[] = [
  ['10/8 and IPv6 only', [only(NET_10), only(NET_6)], [ip(10, 1, 1, 1)], 'forbidden'],
  ['10/8 and 192.168/16', [only(NET_10), only(NET_192)], [ip(10, 1, 1, 1)], 'forbidden'],
  ['10/8 and 10/8', [only(NET_10), only(NET_10)], [ip(10, 1, 1, 1)]],
  [
    '10/8 and 10.1/16, outside',
    [only(NET_10), only(ip(10, 1, 0, 0, 255, 255, 0, 0))],
    [ip(10, 2, 1, 1)],
    'forbidden',
  ],
  ['a.org and b.org', [only(dns('a.org')), only(dns('b.org'))], [dns('b.org')], 'forbidden'],
  ['a.org and x.a.org', [only(dns('a.org')), only(dns('x.a.org'))], [dns('x.a.org')]],
  ['x.a.org and a.org', [only(dns('x.a.org')), only(dns('a.org'))], [dns('a.org')], 'forbidden'],
  ['a.org and networks', [only(dns('a.org')), only(NET_10)], [dns('a.org'), ip(10, 0, 0, 1)]],
  ['excluded above', [never(dns('a.org')), {}], [dns('a.org')], 'forbidden'],
  ['excluded below', [{}, never(dns('a.org'))], [dns('a.org')], 'forbidden'],
  [
    'mailboxes that have nothing in common',
    [only(mail('a.org')), only(mail('b.org'))],
    [mail('x@b.org')],
    'forbidden',
  ],
]

/** What two authorities have in common, where each permits several. */
const SHARED: readonly Row[] = [
  ...(
    [
      [dns, (host: string) => host],
      [mail, (host: string) => `x@${host}`],
    ] as const
  ).flatMap(([name, at]): readonly Row[] => {
    const limits = [only(name('a.org'), name('b.org')), only(name('b.org'), name('c.org'))]
    const own = (host: string) => [name(at(host))]
    return [
      [`${at('b.org')} of both`, limits, own('b.org')],
      [`${at('a.org')} of the upper`, limits, own('a.org'), 'forbidden'],
      [`${at('c.org')} of the lower`, limits, own('c.org'), 'forbidden'],
    ]
  }),
  ['10.1/16 of 10/8 and 192.168/16', [only(NET_192, NET_10), only(NET_10_1)], [ip(10, 1, 1, 1)]],
  ['10.1/16 and 10/8', [only(NET_10_1), only(NET_192, NET_10)], [ip(10, 1, 1, 1)]],
  ['10.1/16 and 10/8, outside', [only(NET_10_1), only(NET_10)], [ip(10, 2, 1, 1)], 'forbidden'],
  [
    'nothing in common, and no such name',
    [only(dns('a.org')), only(dns('b.org'))],
    [ip(10, 1, 1, 1)],
    undefined,
    { subject: organization(0x0c, 'X') },
  ],
  [
    'hosts above, mailboxes below',
    [only(dns('a.org')), only(mail('b.org'))],
    [dns('a.org'), mail('x@b.org')],
  ],
  [
    'hosts above, mailboxes below, another host',
    [only(dns('a.org')), only(mail('b.org'))],
    [dns('b.org'), mail('x@b.org')],
    'forbidden',
  ],
  [
    'hosts above, mailboxes below, another mailbox',
    [only(dns('a.org')), only(mail('b.org'))],
    [dns('a.org'), mail('x@a.org')],
    'forbidden',
  ],
  ['permitted above, excluded below', [only(dns('a.org')), never(dns('x.a.org'))], [dns('a.org')]],
  [
    'permitted above, excluded below, that one',
    [only(dns('a.org')), never(dns('x.a.org'))],
    [dns('x.a.org')],
    'forbidden',
  ],
]

const manyHosts = (count: number): Description =>
  only(...Array.from({ length: count }, () => dns('a.org')))

/** What two authorities permit is compared too: all of the one with all of the other. */
const CROWDS: readonly Row[] = [
  ['as many as may be compared', [manyHosts(700), manyHosts(700)], [dns('a.org')]],
  [
    'more than may be compared',
    [manyHosts(730), manyHosts(730)],
    [dns('a.org')],
    'forbidden',
    { differs: 'its bound is another' },
  ],
]

/** Common names and mailboxes of the subject, where no alternative name of their kind is there. */
const STAND_INS: readonly Row[] = [
  ['mailbox in the subject', only(mail('a.org')), [], undefined, { subject: mailboxes('x@a.org') }],
  [
    'mailbox in the subject, another',
    only(mail('a.org')),
    [],
    'forbidden',
    { subject: mailboxes('x@b.org') },
  ],
  [
    'mailbox in the subject, excluded',
    never(mail('a.org')),
    [],
    'forbidden',
    { subject: mailboxes('x@a.org') },
  ],
  [
    'two mailboxes in the subject',
    only(mail('a.org')),
    [],
    'forbidden',
    { subject: mailboxes('x@a.org', 'y@a.org') },
  ],
  [
    'two mailboxes in the subject, limits of networks',
    only(NET_10),
    [],
    undefined,
    { subject: mailboxes('x@a.org', 'y@a.org') },
  ],
  ['two common names, limits of networks', only(NET_10), [], undefined, { subject: TWO_NAMES }],
  [
    'two common names beside a host',
    only(dns('qemu.org')),
    [dns('qemu.org')],
    undefined,
    { subject: TWO_NAMES },
  ],
  [
    'a common name without a text',
    only(dns('qemu.org')),
    [],
    'forbidden',
    { subject: [[['2.5.4.3', 0x16, Buffer.from('qemu.org')]]] },
  ],
  [
    'a common name beside an address',
    only(dns('qemu.org')),
    [ip(10, 1, 1, 1)],
    'forbidden',
    { subject: 'www.example.org' },
  ],
  [
    'a common name of a client',
    only(dns('qemu.org')),
    [],
    undefined,
    {
      subject: 'www.example.org',
      extendedKeyUsage: { critical: false, purposes: [CLIENT_AUTH] },
    },
  ],
  [
    'a common name of a server',
    only(dns('qemu.org')),
    [],
    'forbidden',
    {
      subject: 'www.example.org',
      extendedKeyUsage: { critical: false, purposes: [CLIENT_AUTH, SERVER_AUTH] },
    },
  ],
  [
    'no subject, an excluded O',
    never(EVIL),
    [dns('a.org')],
    undefined,
    { subject: [], differs: 'it refuses all below, RFC 5280 only what has such a name' },
  ],
  ['an excluded O, as another name', never(EVIL), [EVIL], 'forbidden', { subject: [] }],
]

/** Names of services (RFC 4985), which nothing can compare. */
const SERVICES: readonly Row[] = [
  ['service, hosts permitted', only(dns('qemu.org')), [service('_nbd.a.org'), dns('qemu.org')]],
  [
    'service excluded',
    never(service('_nbd.a.org')),
    [service('_x.b.org')],
    'forbidden',
    { differs: STRICTER },
  ],
  [
    'service permitted',
    only(service('_nbd.a.org')),
    [service('_nbd.a.org')],
    'forbidden',
    { differs: STRICTER },
  ],
  ['service permitted, a host', only(service('_nbd.a.org')), [dns('a.org')]],
]

export function makeNameCases(): readonly ChainCase[] {
  const shared = [...PATHS, ...SHARED, ...CROWDS]
  return [...HOSTS, ...OTHERS, ...DIRECTORIES, ...shared, ...STAND_INS, ...SERVICES].map(makeRow)
}

function makeRow([name, limits, names, verdict, more = {}]: Row): ChainCase {
  const { subject = 'qemu', differs, extendedKeyUsage } = more
  const [top = {}, below] = Array.isArray(limits) ? limits : [limits]
  const root = make({ subject: 'limited', ...AUTHORITY, ...top })
  const middle = below && make({ subject: 'middle', issuer: root, ...AUTHORITY, ...below })
  const issuer = middle ?? root
  const rest = names.length > 0 ? { names } : {}
  const purposes = extendedKeyUsage ? { extendedKeyUsage } : {}
  const end = make({ subject, issuer, ...ENDPOINT, ...purposes, ...rest })
  return {
    name: `names: ${name}`,
    chain: middle ? [end, middle] : [end],
    authorities: [root],
    ...(verdict ? { verdict: verdict === 'malformed' ? 'MALFORMED' : 'FORBIDDEN_NAME' } : {}),
    ...(differs ? { differs } : {}),
  }
}
