/** Plants a secret at every place of a definition, with every other mistake beside it: nothing may show it. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startMonitor } from '../monitor/our-monitor.ts'
import { makePskFolder, makeX509Folder } from '../nbd/nbd-credentials.ts'
import { serveNbd } from '../nbd/our-server.ts'
import { scratchFolder, writeFiles } from './command.ts'
import { runInProcess } from './in-process.ts'

const SECRET = 'S3CR3T'

/** Each is wrong, and each has the secret where a user may put it. */
const DEFINITIONS = [
  // A secret, and a mistake elsewhere.
  'secret,id=s,data=S3CR3T,x=1',
  'secret,id=s,data=S3CR3T,data=x',
  'secret,id=s,data=S3CR3T,.=x',
  'secret,id=1s,data=S3CR3T',
  'secret,data=S3CR3T',
  'secret,id=s,data=S3CR3T,format=base65',
  'secret,id=s,data=S3CR3T,iv=x',
  'secret,id=s,data=S3CR3T,file=/nowhere',
  'secret,id=s,data=S3CR3T,keyid=other',
  'secret,id=s,data.0=S3CR3T,data.2=x',
  // A comma in it is not doubled.
  'secret,id=s,data=a,S3CR3T',
  'secret,id=s,data=a,S3CR3T=1',
  'secret,id=s,data=a,=S3CR3T',
  'secret,id=s,data=a,!S3CR3T',
  'secret,id=s,data=a,id=S3CR3T',
  // It is the value of another property.
  'secret,S3CR3T',
  'secret,id=S3CR3T!,data=a',
  'secret,id=s,format=S3CR3T,data=x',
  'secret,id=s,iv=S3CR3T,data=x',
  'secret,id=s,keyid=S3CR3T,data=x',
  // Mistyped words.
  'secert,id=s,data=S3CR3T',
  'secert,id=s,dta=S3CR3T',
  'scrt,id=s,dta=S3CR3T',
  'id=s,dta=S3CR3T',
  'S3CR3T',
  'secret_keyring,id=s,serial=S3CR3T',
  // What other objects need of a secret.
  'tls-creds-x509,id=t,dir=/nowhere,passwordid=S3CR3T',
  'tls-creds-x509,id=t,dir=/nowhere,passwordid=a,S3CR3T',
  'tls-creds-x509,id=t,dir=/nowhere,passwordid=a,S3CR3T,priority=BAD',
  'tls-creds-x509,id=t,dir=/nowhere,password=S3CR3T',
  'tls-creds-x509,id=t,dir=/nowhere,passphrase=S3CR3T',
  'tls-creds-x509,id=t,dir=/nowhere,pwd=S3CR3T',
  'tls-creds-x509,id=t,dir=/nowhere,keypass=S3CR3T',
  'tls-creds-psk,id=t,dir=/nowhere,key=S3CR3T',
  'tls-creds-psk,id=t,dir=/nowhere,endpoint=client,username=u,psk=S3CR3T',
  'tls-creds-psk,id=t,dir=/nowhere,endpoint=client,username=u:S3CR3T',
  'authz-simple,id=t,identity=u,token=S3CR3T',
  // JSON and YAML.
  '{"qom-type":"secret","id":"s","data":"S3CR3T","x":1}',
  '{"qom-type":"secret","id":"s","data":"S3CR3T"',
  '{"qom-type":"secret","id":"s","data":"S3CR3T","data":"x"}',
  '{"qom-type":"secret","id":"s","data":["S3CR3T"]}',
  '{"qom-type":"secret","id":"s","data":{"S3CR3T":1}}',
  '{"qom-type":"secret","id":"s","data":*S3CR3T}',
  '{"qom-type":"secret","id":"s","data":"\\S3CR3T"}',
  '{"qom-type":"secret","id":"s","S3CR3T":1,"S3CR3T":2}',
  '{"qom-type":"se\\u0063ret","id":"s","d\\x61ta":"S3CR3T","x":1}',
  '{"qom-type":"tls-creds-x509","id":"t","password":"S3CR3T"}',
  '{"qom-type":"tls-creds-x509","id":"t","password":"S3CR3T"',
  '{"qom-type":"secert","id":"s","dta":"S3CR3T"}',
  '{"qom-type":"secret","id":"S3CR3T 1"}',
  '- qom-type: secret\n  id: s\n  data: S3CR3T\n x: y',
  '- qom-type: secret\n  id: s\n  data: !S3CR3T x',
  '- qom-type: secret\n  id: s\n  data: &S3CR3T',
  '- qom-type: secert\n  id: s\n  dta: S3CR3T',
  'objects:\n - qom-type: tls-creds-x509\n   id: x\n   dir: "/S\nS3CR3T: [{"qom-type": x}]',
  '- qom-type: tls-creds-x509\n  id: x\n  pass: S3CR3T',
  'S3CR3T: 1',
  // What looks like a word that tells nothing.
  'S3CR3T,id=s',
  '1S3CR3T,id=s',
  '#S3CR3T,id=s',
  'tls-creds-S3CR3T,id=t',
  'authz-S3CR3T,id=t',
  'tls-creds-psk,id=t,dir=/nowhere,S3CR3T=',
  'tls-creds-psk,id=t,dir=/nowhere,1S3CR3T=',
  'tls-creds-psk,id=t,dir=/nowhere,1S3CR3T',
  'tls-creds-psk,id=t,dir=/nowhere,authz-S3CR3T',
  'tls-creds-psk,id=t,dir=/nowhere,authz-S3CR3T=1',
  'tls-creds-x509,id=t,dir=/nowhere,passwordid=a,1S3CR3T==',
  'secret,id=s,data=a,1S3CR3T=',
  'secret,id=s,data=a,tls-creds-S3CR3T=',
  '{"qom-type":"S3CR3T","id":"s"}',
  '{"qom-type":"tls-creds-S3CR3T","id":"s"}',
  '{"#S3CR3T":"x","qom-type":"tls-creds-x509","id":"s"}',
  '{"1S3CR3T":"x","qom-type":"tls-creds-x509","id":"s"}',
  '- qom-type: tls-creds-x509\n  id: t\n  dir: /nowhere # S3CR3T\n  endpoint: bad',
  '# S3CR3T\n- qom-type: tls-creds-x509\n  id: t\n dir: x',
  '- qom-type: tls-creds-psk\n  id: t\n  endpoint: x\n  # pw: S3CR3T\n  1S3CR3T: x',
  '- qom-type: 1S3CR3T\n  id: t',
  // The secret in place of the name of its file.
  'secret,id=s,file=S3CR3T',
  'secret,id=s,file=S3CR3T,format=x',
]

const URIS = [
  'nbds://u:S3CR3T@localhost:1/x',
  'nbds://:S3CR3T@localhost:1/x',
  'nbds://u:S3CR3T@localhost:99999/x',
  'nbd://u:S3CR3T@localhost:1/',
  'nbdx://u:S3CR3T@localhost',
  'nbds+unix://u:S3CR3T@/x?socket=/nowhere/socket',
  'nbds://u:S3CR3T@localhost:1?tls-type=psk',
  'nbds://u:S3CR3T@localhost:1?tls-type=other',
  'nbds://u:S3CR3T@localhost:1?x=1',
  'nbds://u:S3%3CR3T@localhost:1?password=S3CR3T',
  'nbds://localhost:1?tls-password=S3CR3T',
  'nbds://u:S3%CR3T@localhost/',
  'http://u:S3CR3T@localhost',
  'https://u:S3CR3T@localhost/x',
  'NBDS://u:S3CR3T@localhost:x',
  'qemu+tcp://u:S3CR3T@localhost',
]

/** Addresses as users write them by habit; the last are no URIs. */
const ADDRESSES = [
  'http://u:S3CR3T@localhost',
  ...['u:S3CR3T@localhost', 'u:S3CR3T@localhost/x', '//u:S3CR3T@localhost/x'],
  ...[
    'u:S3CR3T@[::1]:10809',
    'u%3AS3CR3T@localhost',
    'u:S3CR3T@x@localhost',
    'u:+S3CR3T@localhost',
  ],
]

/** An address where none belongs. */
const ARGUMENTS = [
  ...[['URI'], ['nbd', 'URI'], ['nbd', 'serve', 'URI'], ['nbd', 'bench', 'URI']],
  ...[
    ['pki', 'check', 'URI'],
    ['migrate', 'inspect', 'URI'],
    ['build', 'URI', '/nowhere/out'],
  ],
  ...[
    ['explain', 'URI'],
    ['show', 'URI'],
    ['lint', 'URI'],
    ['plan', '--set', 'URI'],
  ],
  ...[
    ['resolve', '--config', 'URI', '@X'],
    ['pki', 'import', 'URI'],
    ['pki', 'issue', 'URI', 'server', '--host', 'h.test'],
    ['diff', 'URI', 'DEFAULT'],
  ],
  ...[
    ['nbd', 'info', 'URI'],
    ['nbd', 'info', 'nbd:URI'],
    ['nbd', 'list', 'URI'],
    ['nbd', 'copy', 'URI', '/nowhere/x'],
    ['nbd', 'copy', '/dev/null', 'URI/x'],
  ],
  ...[
    ['migrate', 'send', '--input', 'URI', '--to', 'tcp:localhost:1'],
    ['migrate', 'send', '--input', '/dev/null', '--to', 'URI'],
    ['migrate', 'send', '--input', '/dev/null', '--to', 'tcp:URI:1'],
    ['migrate', 'receive', '--listen', 'URI', '--output', '/nowhere/x'],
    ['migrate', 'receive', '--listen', 'tcp:URI:1', '--output', '/nowhere/x'],
    ['migrate', 'relay', '--listen', 'URI', '--to', 'tcp:localhost:1'],
    ['migrate', 'relay', '--listen', 'tcp:localhost:0', '--to', 'URI'],
    ['migrate', 'preflight', 'URI'],
    ['migrate', 'preflight', '--listen', 'URI'],
    ['migrate', 'preflight', '--connect', 'URI'],
    ['migrate', 'bench', '--to', 'URI'],
  ],
  ...['-b', '-p', '-e', '--object', '--objects', '--tls-hostname'].map((option) => [
    ...['nbd', 'serve', '--memory', '1M', option, 'URI'],
  ]),
]

async function shows(args: readonly string[]): Promise<readonly string[]> {
  const { stdout, stderr, status } = await runInProcess(args)
  expect(status, args.join(' ')).not.toBe(0)
  const text = `${stdout}${stderr}`
  expect(text, args.join(' ')).not.toBe('')
  return text.includes(SECRET) ? [`${args.join(' ')}\n${text}`] : []
}

test('no refusal of a definition shows the secret in it', async () => {
  const folder = scratchFolder()
  const file = join(folder, 'objects.yaml')
  const shown: string[] = []
  for (const definition of DEFINITIONS) {
    writeFiles(folder, { 'objects.yaml': definition })
    for (const object of [`--object=${definition}`, `--objects=${file}`]) {
      const client = ['nbd', 'info', 'nbds://localhost:1/', '--tls-creds', 't']
      const server = ['nbd', 'serve', '--memory', '1M', '--tls-creds', 't']
      for (const command of [client, [...client, '--json'], server]) {
        shown.push(...(await shows([...command, object])))
      }
    }
  }
  expect(shown).toEqual([])
})

test('no refusal of a file that is not UTF-8 shows the secret in it', async () => {
  const folder = scratchFolder()
  const file = join(folder, 'objects.yaml')
  const shown: string[] = []
  for (const text of [
    "objects:\n  - {qom-type: secret, id: s, data: 'S3CR3T\xff'}\n",
    '{"objects":[{"qom-type":"secret","id":"s","data":"S3CR3T\xff"}]}',
    'S3CR3T\xff',
  ]) {
    writeFileSync(file, Buffer.from(text, 'latin1'))
    for (const command of [
      ['endpoint', 'check', file],
      ['endpoint', 'run', file],
      ['nbd', 'serve', '--memory', '1M', '--objects', file],
      ['nbd', 'info', 'nbd://localhost:1/', '--objects', file],
    ]) {
      for (const json of command[1] === 'check' ? [[], ['--json']] : [[]]) {
        shown.push(...(await shows([...command, ...json])))
      }
    }
  }
  expect(shown).toEqual([])
})

/** Commands for a monitor as users mistype them; `\xff` in a script is a byte that is not UTF-8. */
const COMMANDS = [
  ['object-add', '{"qom-type":"secret","id":"s","data":"S3CR3T"'],
  ['object-add', '{"qom-type":"secret","id":"s","data":S3CR3T}'],
  ['object-add', 'qom-type=secret', 'id=s', 'data=S3CR3T', 'data=S3CR3T'],
  ['object-add', 'qom-type=secret', 'id=s', 'data=a', 'S3CR3T'],
  ['object-add', 'qom-type=secret', 'id=s', 'data=a', '=S3CR3T'],
  ['object-add', 'qom-type=secret', 'id=s', 'data=a', 'data.x=S3CR3T'],
  ['object-add', 'qom-type=secret', 'id=s', 'loaded=S3CR3T', 'data=a'],
  ['{"execute":"object-add","arguments":{"qom-type":"secret","data":"S3CR3T"'],
  ['object-add', '"data=S3CR3T'],
]

test('no refusal of a command for a monitor shows the secret in it', async () => {
  const { path } = await startMonitor()
  const script = join(scratchFolder(), 'script')
  const shown: string[] = []
  const wholeLine = ['object-add qom-type=secret id=s data=S3CR3T']
  for (const words of [...COMMANDS, wholeLine]) {
    shown.push(...(await shows(['qmp', path, ...words])))
    shown.push(...(await shows(['qmp', path, '--json', ...words])))
  }
  for (const words of COMMANDS) {
    writeFileSync(script, `${words.join(' ')}\n`)
    shown.push(...(await shows(['qmp', path, '--file', script])))
  }
  expect(shown).toEqual([])
})

test('no refusal of a URI shows the password in it', async () => {
  const folder = scratchFolder()
  const shown: string[] = []
  for (const uri of URIS) {
    for (const json of [[], ['--json']]) {
      shown.push(...(await shows(['nbd', 'info', ...json, uri])))
      shown.push(...(await shows(['nbd', 'list', ...json, uri])))
      shown.push(...(await shows(['nbd', 'copy', ...json, uri, join(folder, 'copy')])))
    }
  }
  expect(shown).toEqual([])
})

test.each(ADDRESSES)(
  'no refusal of %s where none belongs shows the password in it',
  async (text) => {
    const shown: string[] = []
    for (const words of ARGUMENTS) {
      const args = words.map((word) => word.replace('URI', text))
      for (const json of [[], ['--json']]) shown.push(...(await shows([...args, ...json])))
    }
    expect(shown).toEqual([])
  },
)

/** What users write into files of a running server, by the name of the file. */
const SLIPS = [
  ['keys.psk', 'alice:S3CR3T\n'],
  ['keys.psk', 'S3CR3T\n'],
  ['keys.psk', 'alice S3CR3T\n'],
  ['keys.psk', 'alice:00\n#bob:S3CR3T\n: S3CR3T\n'],
  ['keys.psk', Buffer.from('alice:S3CR3T\xff\n', 'latin1')],
  ['passphrase', 'S3CR3T='],
  ['passphrase', Buffer.from('S3CR3T\xff', 'latin1')],
  ['passphrase', Buffer.from('S3CR3T').toString('base64')],
  ['libvirtd.conf', 'password = "S3CR3T"\ntls_allowed_dn_list = S3CR3T\n'],
  ['libvirtd.conf', 'tls_allowed_dn_list = [] S3CR3T\n'],
  ['server-key.pem', '-----BEGIN PRIVATE KEY-----\nS3CR3T\n-----END PRIVATE KEY-----\n'],
  ['server-key.pem', 'S3CR3T'],
] as const

test('no reload of a slip in a file shows the secret in it', async () => {
  const dir = makeX509Folder()
  cpSync(makePskFolder(), dir, { recursive: true })
  writeFiles(dir, { passphrase: 'YWJj', 'libvirtd.conf': 'tls_allowed_dn_list = ["*"]' })
  const objects = [
    `secret,id=pass,file=${dir}/passphrase,format=base64`,
    `tls-creds-psk,id=psk0,endpoint=server,dir=${dir}`,
    `tls-creds-x509,id=tls0,endpoint=server,dir=${dir},passwordid=pass`,
    `authz-libvirt,id=who,filename=${dir}/libvirtd.conf`,
  ]
  for (const log of ['text', 'json']) {
    const server = await serveNbd([
      ...['--memory', '1M', '-t', '-e', '0', '--log', log, '--tls-creds', 'tls0'],
      ...['--tls-authz', 'who', ...objects.flatMap((object) => ['--object', object])],
    ])
    for (const [file, slip] of SLIPS) {
      const before = readFileSync(join(dir, file))
      const said = server.log().length
      writeFileSync(join(dir, file), slip)
      server.child.kill('SIGHUP')
      while (server.log().length === said) await pause(20)
      writeFileSync(join(dir, file), before)
    }
    server.child.kill('SIGTERM')
    await server.ended
    expect(server.log()).toContain('refused')
    expect(server.log()).not.toContain(SECRET)
  }
})
