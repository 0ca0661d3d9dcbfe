/** Objects that come and go while the process runs, as QEMU's object-add and object-del have it. */
import { X509Certificate } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { findSecurity } from '../../../src/endpoint/security.ts'
import { parseObject } from '../../../src/tls/objects/parse-object.ts'
import type { ReloadReport } from '../../../src/tls/objects/reload-report.ts'
import type { TlsObjects } from '../../../src/tls/objects/tls-objects.ts'
import { certificateOf } from '../../../src/x509/certificate.ts'
import { scratchFolder, writeFiles } from '../../cli/command.ts'
import { echoEndpoint } from '../../endpoint/echo-endpoint.ts'
import { eventually } from '../../nbd/server/test-server.ts'
import { execFile } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { makeList } from '../../x509/made-certificate.ts'
import { credentialFiles, credentialFolder, endpoint, names, ROOT_CA, SERVER } from './folder.ts'
import { objectsOf } from './meeting.ts'

const server = (id: string, dir: string) =>
  parseObject(`tls-creds-x509,id=${id},endpoint=server,dir=${dir},verify-peer=off`)

function codeOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics[0]?.code
    throw error
  }
  return undefined
}

const named = (subject: string) => endpoint({ subject, names: names(['dns', 'localhost']) })

/** openssl enc -aes-256-cbc of `hello` under the key and iv of the test. */
const IV = 'AAAAAAAAAAAAAAAAAAAAAA=='
const ENCRYPTED = 'pZwJZBLuy3mDACEQT4YTBw=='

describe('add', () => {
  test('an id that is taken and files that are broken change nothing', () => {
    const objects = objectsOf(`tls-creds-x509,id=tls0,endpoint=server,dir=${credentialFolder()}`)
    expect(codeOf(() => objects.add(server('tls0', credentialFolder())))).toBe(
      'OBJECT_DUPLICATE_ID',
    )
    expect(codeOf(() => objects.add(server('tls1', '/nowhere')))).toBeDefined()
    expect(codeOf(() => objects.credentials('tls1', 'server'))).toBe('OBJECT_NOT_FOUND')
    objects.add(server('tls1', credentialFolder()))
    expect(objects.credentials('tls1', 'server').kind).toBe('x509')
  })

  test('what is added is made of secrets that are there, and of none that come later', () => {
    const objects = objectsOf('secret,id=one,data=x')
    const wrapped = parseObject('secret,id=two,data=x,keyid=three,iv=AAAAAAAAAAAAAAAAAAAAAA==')
    expect(codeOf(() => objects.add(wrapped))).toBe('OBJECT_SECRET_NOT_FOUND')
    objects.add(parseObject('secret,id=three,data=y'))
    expect(objects.reload().objects.map(({ id }) => id)).toEqual(['one', 'three'])
  })

  test('the files of what is added are watched, and no longer those of what was removed', async () => {
    const [first, second] = [scratchFolder(), scratchFolder()].map((dir) => join(dir, 'rules'))
    const rules = (path = '') => writeFileSync(path, '{"rules":[],"policy":"deny"}\n')
    rules(first)
    rules(second)
    const objects = objectsOf(`authz-list-file,id=one,filename=${first},refresh=on`)
    const reports: ReloadReport[] = []
    objects.watch((report) => void reports.push(report), { quiet: 5, interval: 20, patience: 20 })
    onTestFinished(() => objects.close())
    objects.add(parseObject(`authz-list-file,id=two,filename=${second},refresh=on`))
    writeFileSync(second as string, '{"rules":[],"policy":"allow"}')
    const outcomes = () => reports.flatMap((report) => report.objects)
    await eventually(() => outcomes().some((row) => row.id === 'two' && row.outcome === 'replaced'))
    objects.remove('two')
    expect(objects.authorizationIds).toEqual(['one'])
    expect(objects.reload().objects.map(({ id }) => id)).toEqual(['one'])
  })
})

test('what is noticed is given back, and told of all objects', () => {
  const dir = credentialFolder({ others: { 'keys.psk': `qemu:${'a5'.repeat(32)}\n` } })
  chmodSync(join(dir, 'keys.psk'), 0o644)
  const psk = parseObject(`tls-creds-psk,id=p,dir=${dir}`)
  const objects = objectsOf('secret,id=s,data=x')
  const codes = (list: readonly { readonly code: string }[]) => list.map(({ code }) => code)
  expect(codes(objects.add(psk))).toEqual(['OBJECT_SHARED_KEYS_EXPOSED'])
  expect(codes(objects.redefine(psk))).toEqual(['OBJECT_SHARED_KEYS_EXPOSED'])
  expect(codes(objects.warnings)).toEqual(['OBJECT_SHARED_KEYS_EXPOSED'])
  expect(objects.add(parseObject('secret,id=t,data=x'))).toEqual([])
})

test('new files are watched at once, of an object that is new or has other properties', async () => {
  const [first, second, third] = [1, 2, 3].map(() => join(scratchFolder(), 'rules'))
  const write = (path = '', policy = 'deny') => writeFileSync(path, `{"policy": "${policy}"}`)
  for (const path of [first, second, third]) write(path)
  const objects = objectsOf(`authz-list-file,id=one,filename=${first}`)
  const reports: ReloadReport[] = []
  // No folder is looked into for an hour unless something says so.
  const options = { quiet: 5, interval: 3_600_000, patience: 3_600_000 }
  objects.watch((report) => void reports.push(report), options)
  const noticed = (id: string) =>
    eventually(() =>
      reports.some((report) =>
        report.objects.some((row) => row.id === id && row.outcome === 'replaced'),
      ),
    )
  objects.add(parseObject(`authz-list-file,id=two,filename=${second}`))
  await new Promise((resolve) => setTimeout(resolve, 20))
  write(second, 'allow')
  await noticed('two')
  objects.redefine(parseObject(`authz-list-file,id=one,filename=${third}`))
  await new Promise((resolve) => setTimeout(resolve, 20))
  write(third, 'allow')
  await noticed('one')
})

describe('remove', () => {
  test('refuses in the words of QEMU what is not there', () => {
    expect(() => objectsOf().remove('nosuch')).toThrow("object 'nosuch' not found")
  })

  test('an object that an endpoint uses stays until the endpoint has ended', () => {
    const objects = objectsOf(
      `tls-creds-x509,id=tls0,endpoint=server,dir=${credentialFolder()}`,
      'authz-simple,id=who,identity=CN=x',
    )
    const options = { credentials: 'tls0', authorization: 'who', handshakeLimit: 1 }
    const [one, two] = [findSecurity(objects, options), findSecurity(objects, options)]
    for (const id of ['tls0', 'who']) {
      expect(() => objects.remove(id)).toThrow(`object '${id}' is in use, can not be deleted`)
    }
    one.release?.()
    one.release?.()
    expect(codeOf(() => objects.remove('tls0'))).toBe('OBJECT_IN_USE')
    two.release?.()
    objects.remove('tls0')
    objects.remove('who')
    expect(objects.reload().objects).toEqual([])
  })

  test('who uses an object is told, one or several', () => {
    const secret = 'secret,id=s,data=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=,format=base64'
    const objects = objectsOf(secret)
    const hint = () => {
      try {
        objects.remove('s')
      } catch (error) {
        return (error as DiagnosticError).diagnostics[0]?.hint
      }
      return 'removed'
    }
    const hardEnd = "; with mode 'hard' its last load goes on"
    const release = objects.hold('s')
    expect(hint()).toBe(`one endpoint uses it${hardEnd}`)
    objects.hold('s')
    expect(hint()).toBe(`2 endpoints use it${hardEnd}`)
    objects.add(parseObject(`secret,id=two,data=${ENCRYPTED},keyid=s,iv=${IV},format=base64`))
    expect(hint()).toBe(`\`two\` and 2 endpoints use it${hardEnd}`)
    release()
    expect(hint()).toBe(`\`two\` and one endpoint use it${hardEnd}`)
  })

  test('a secret stays while an object is made of it', () => {
    const secret = 'secret,id=three,data=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=,format=base64'
    const objects = objectsOf(
      secret,
      `secret,id=two,data=${ENCRYPTED},keyid=three,iv=${IV},format=base64`,
    )
    expect(codeOf(() => objects.remove('three'))).toBe('OBJECT_IN_USE')
    objects.reload()
    expect(codeOf(() => objects.remove('three'))).toBe('OBJECT_IN_USE')
    objects.remove('two')
    objects.remove('three')
  })

  // As QEMU's NBD server does: object-del and object-add do not change one that runs.
  testWith(
    'openssl',
    'hard leaves the last load to who uses it; an object of the same id is new',
    async () => {
      const dir = credentialFolder({ server: [named('first')] })
      const objects = objectsOf(
        `tls-creds-x509,id=tls0,endpoint=server,dir=${dir},verify-peer=on`,
        'authz-simple,id=clients,identity=CN=x',
      )
      const running = await listen(objects)
      expect(await subjectAt(running)).toBe('CN = first')
      objects.remove('tls0', 'hard')
      const other = credentialFolder({ server: [named('second')] })
      objects.add(parseObject(`tls-creds-x509,id=tls0,endpoint=server,dir=${other},verify-peer=on`))
      writeFiles(dir, credentialFiles({ server: [named('third')] }))
      objects.reload()
      expect(await subjectAt(running)).toBe('CN = first')
      expect(await subjectAt(await listen(objects))).toBe('CN = second')
    },
  )
})

describe('redefine', () => {
  const peer = certificateOf(new X509Certificate(named('x').raw), { file: '<peer>', index: 0 })
  const KEY = 'secret,id=three,data=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=,format=base64'
  const wrapped = `secret,id=two,data=${ENCRYPTED},keyid=three,iv=${IV},format=base64`
  const redefine = (objects: TlsObjects, text: string) => () => objects.redefine(parseObject(text))
  const shown = (objects: TlsObjects) => objects.definitions.map(({ properties }) => properties)

  test('decides by the new properties, and shows them', () => {
    const objects = objectsOf('authz-simple,id=a,identity=CN=y', 'authz-list,id=b')
    const { decide } = objects.authorization('a')
    const letGo = objects.hold('a')
    expect(decide(peer).allowed).toBe(false)
    expect(redefine(objects, 'authz-simple,id=a,identity=CN=x')()).toEqual([])
    expect(decide(peer).allowed).toBe(true)
    expect(objects.definitions.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(shown(objects)[0]).toEqual({ identity: 'CN=x' })
    expect(objects.reload().objects.map(({ outcome }) => outcome)).toEqual(
      Array(2).fill('unchanged'),
    )
    letGo()
  })

  test('refuses what is not there, another type, and properties that are wrong: nothing changes', () => {
    const objects = objectsOf('authz-simple,id=a,identity=CN=x')
    expect(codeOf(redefine(objects, 'authz-simple,id=b,identity=CN=y'))).toBe('OBJECT_ABSENT')
    expect(codeOf(redefine(objects, 'authz-list,id=a'))).toBe('OBJECT_DUPLICATE_ID')
    expect(codeOf(redefine(objects, 'authz-simple,id=a'))).toBe('OBJECT_MISSING_PROPERTY')
    expect(codeOf(redefine(objects, 'authz-simple,id=a,x=y'))).toBe('OBJECT_UNKNOWN_PROPERTY')
    expect(shown(objects)).toEqual([{ identity: 'CN=x' }])
    expect(objects.authorization('a').decide(peer).allowed).toBe(true)
    expect(objects.reload().objects.map(({ outcome }) => outcome)).toEqual(['unchanged'])
  })

  test('credentials in use stay on their side', () => {
    const dir = credentialFolder()
    const client = `tls-creds-x509,id=t,endpoint=client,dir=${dir}`
    const objects = objectsOf(`tls-creds-x509,id=t,endpoint=server,dir=${dir}`)
    const [one, two] = [objects.hold('t'), objects.hold('t')]
    expect(codeOf(redefine(objects, client))).toBe('OBJECT_IN_USE')
    const words = "object 't' is in use, so its `endpoint` cannot be changed"
    expect(redefine(objects, client)).toThrow(words)
    expect(objects.endpointOf('t')).toBe('server')
    expect(objects.credentials('t', 'server').verifyPeer).toBe(true)
    redefine(objects, `tls-creds-x509,id=t,endpoint=server,dir=${dir},verify-peer=off`)()
    expect(objects.credentials('t', 'server').verifyPeer).toBe(false)
    one()
    one()
    expect(codeOf(redefine(objects, client))).toBe('OBJECT_IN_USE')
    two()
    redefine(objects, client)()
    expect(objects.endpointOf('t')).toBe('client')
  })

  test('an object that is made of a secret no longer keeps it, or goes on to do so', () => {
    const objects = objectsOf(KEY, wrapped)
    expect(codeOf(redefine(objects, 'secret,id=two,data=x,keyid=three,iv=AAAA'))).toBe(
      'OBJECT_SECRET_UNUSABLE',
    )
    expect(codeOf(() => objects.remove('three'))).toBe('OBJECT_IN_USE')
    redefine(objects, 'secret,id=two,data=x')()
    objects.remove('three')
    objects.add(parseObject(KEY))
    expect(codeOf(redefine(objects, 'secret,id=two,data=x,keyid=three,iv=AAAA'))).toBe(
      'OBJECT_SECRET_UNUSABLE',
    )
    objects.remove('three')
  })

  test('rules that could not be loaded count again once they can', () => {
    const file = join(scratchFolder(), 'rules')
    writeFileSync(file, '{"policy": "allow"}')
    const objects = objectsOf(`authz-list-file,id=a,filename=${file}`)
    const { decide } = objects.authorization('a')
    writeFileSync(file, '{')
    objects.reload()
    expect(decide(peer).allowed).toBe(false)
    expect(codeOf(redefine(objects, `authz-list-file,id=a,filename=${file}`))).toBe(
      'OBJECT_MALFORMED',
    )
    expect(decide(peer).allowed).toBe(false)
    writeFileSync(file, '{"policy": "allow"}')
    redefine(objects, `authz-list-file,id=a,filename=${file},refresh=off`)()
    expect(decide(peer).allowed).toBe(true)
  })
})

test('until when certificates and lists are valid is told of the load in force', () => {
  const at = Date.UTC(2030, 0, 1)
  const list = { signer: ROOT_CA, revoked: [], from: -1e6, at }
  const crl = [makeList({ ...list, number: 0xabc }), makeList({ ...list, from: -2e6, until: 1 })]
  const dir = credentialFolder({ others: { 'ca-crl.pem': crl.join('') } })
  const objects = objectsOf(
    `tls-creds-x509,id=t,endpoint=server,dir=${dir}`,
    'tls-creds-anon,id=n',
    'secret,id=s,data=x',
  )
  const [own, root] = [SERVER, ROOT_CA].map(({ raw }) => new X509Certificate(raw))
  expect(objects.validity).toEqual([
    {
      ...{ object: 't', use: 'own', name: 'CN=localhost', serial: own?.serialNumber },
      until: own?.validToDate,
    },
    {
      ...{ object: 't', use: 'authority', name: 'CN=Test Root', serial: root?.serialNumber },
      until: root?.validToDate,
    },
    {
      ...{ object: 't', use: 'revocation-list', name: 'CN=Test Root', serial: 'ABC' },
      until: new Date(at + 24 * 3_600_000),
    },
    {
      ...{ object: 't', use: 'revocation-list', name: 'CN=Test Root' },
      until: new Date(at + 3_600_000),
    },
  ])
})

async function listen(objects: TlsObjects): Promise<number> {
  const listener = echoEndpoint(objects, () => {})
  onTestFinished(() => listener.drain(0))
  return ((await listener.listen({ host: '127.0.0.1', port: 0 })) as AddressInfo).port
}

/** The subject that OpenSSL is shown. */
async function subjectAt(port: number): Promise<string | undefined> {
  const args = ['s_client', '-connect', `127.0.0.1:${port}`]
  const { stdout } = await execFile('openssl', args)
  return /^subject=(.*)$/m.exec(stdout)?.[1]
}
