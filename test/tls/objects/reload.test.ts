import { once } from 'node:events'
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fail } from '../../../src/diagnostics/diagnostic.ts'
import { FILE_KINDS } from '../../../src/files/file-diagnostics.ts'
import { parseSystemConfig } from '../../../src/priority/system-config.ts'
import { parseObject } from '../../../src/tls/objects/parse-object.ts'
import type { ReloadReport } from '../../../src/tls/objects/reload-report.ts'
import { TlsObjects } from '../../../src/tls/objects/tls-objects.ts'
import { scratchFolder, writeFiles } from '../../cli/command.ts'
import { AUTHORITY, type Made, make, makeList } from '../../x509/made-certificate.ts'
import {
  CLIENT,
  credentialFiles,
  credentialFolder,
  endpoint,
  names,
  ROOT_CA,
  SERVER,
} from './folder.ts'
import { meet, objectsOf, openListener, sessionOf, verdictOf } from './meeting.ts'
import { LEVEL_1A, OTHER_ROOT } from './session-cases.ts'

function serverCertificate(subject: string, more: { issuer?: Made } = {}): Made {
  return endpoint({ subject, names: names(['dns', 'localhost']) }, more.issuer)
}

function outcomes({ objects }: ReloadReport): Readonly<Record<string, string>> {
  return Object.fromEntries(objects.map(({ id, outcome }) => [id, outcome]))
}

/** A server of the folder and a client of its own. */
function pairOf(dir: string, more = ''): TlsObjects {
  return objectsOf(
    `tls-creds-x509,id=server,endpoint=server,dir=${dir}${more}`,
    `tls-creds-x509,id=client,dir=${credentialFolder()}`,
  )
}

/** The common name that a new connection sees. */
async function seen(objects: TlsObjects): Promise<string | undefined> {
  const { client } = await meet(
    objects.credentials('server', 'server'),
    objects.credentials('client', 'client'),
  )
  return 'session' in client ? client.session.peer.distinguishedName : client.code
}

/** Waits for what has to come sooner or later; the limit of the test ends it. */
async function until(isThere: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isThere())) await sleep(5)
}

const QUICK = { quiet: 10, interval: 60_000, patience: 150 }

function watch(objects: TlsObjects, options = QUICK): readonly ReloadReport[] {
  const reports: ReloadReport[] = []
  objects.watch((report) => void reports.push(report), options)
  return reports
}

describe('reload', () => {
  test('takes a new certificate with its key, and says so', async () => {
    const dir = credentialFolder()
    const objects = pairOf(dir)
    expect(outcomes(objects.reload())).toEqual({ server: 'unchanged', client: 'unchanged' })
    expect(await seen(objects)).toBe('CN=localhost')
    writeFiles(dir, credentialFiles({ server: [serverCertificate('second')] }))
    expect(await seen(objects)).toBe('CN=localhost')
    expect(outcomes(objects.reload())).toEqual({ server: 'replaced', client: 'unchanged' })
    expect(await seen(objects)).toBe('CN=second')
  })

  const BROKEN: Readonly<Record<string, (dir: string) => void>> = {
    'a certificate without its key': (dir) =>
      writeFiles(dir, { 'server-cert.pem': serverCertificate('new').certificate }),
    'a missing key': (dir) => rmSync(join(dir, 'server-key.pem')),
    'half a certificate': (dir) =>
      writeFiles(dir, { 'server-cert.pem': SERVER.certificate.slice(0, 200) }),
    'another authority': (dir) =>
      writeFiles(dir, { 'ca-cert.pem': make({ subject: 'Other', ...AUTHORITY }).certificate }),
    'a certificate that has expired': (dir) => {
      const old = endpoint({ subject: 'old', until: -1 })
      writeFiles(dir, credentialFiles({ server: [old] }))
    },
    'no folder': (dir) => rmSync(dir, { recursive: true }),
  }

  for (const [name, breakIt] of Object.entries(BROKEN)) {
    test(`refuses ${name} in words, and the old set stays`, async () => {
      const dir = credentialFolder()
      const objects = pairOf(dir)
      breakIt(dir)
      const report = objects.reload()
      expect(outcomes(report)).toEqual({ server: 'refused', client: 'unchanged' })
      expect(report.objects[0]?.diagnostics[0]?.message).toMatch(/\S+ \S+ \S+/)
      expect(await seen(objects)).toBe('CN=localhost')
    })
  }

  test('lets running sessions go on', async () => {
    const dir = credentialFolder()
    const objects = pairOf(dir)
    const [server, client] = [
      objects.credentials('server', 'server'),
      objects.credentials('client', 'client'),
    ]
    const before = await meet(server, client)
    writeFiles(dir, credentialFiles({ server: [serverCertificate('second')] }))
    objects.reload()
    expect(await seen(objects)).toBe('CN=second')
    sessionOf(before.server).socket.write('still here')
    const [data] = await once(sessionOf(before.client).socket, 'data')
    expect(String(data)).toBe('still here')
  })

  test('takes a new revocation list', async () => {
    const dir = credentialFolder()
    const objects = pairOf(dir)
    writeFiles(dir, { 'ca-crl.pem': makeList({ signer: ROOT_CA, revoked: [CLIENT.serial] }) })
    expect(outcomes(objects.reload()).server).toBe('replaced')
    const { server } = await meet(
      objects.credentials('server', 'server'),
      objects.credentials('client', 'client'),
    )
    expect(verdictOf(server)).toBe('TLS_CERTIFICATE_REVOKED')
  })

  /** What `revoked` and `from` say of a list of the root; the client is revoked at first. */
  const ROLLBACKS: Readonly<Record<string, (dir: string) => void>> = {
    'a list that is gone': (dir) => rmSync(join(dir, 'ca-crl.pem')),
    'the list of another authority in its place': (dir) => {
      const other = make({ subject: 'Other', ...AUTHORITY })
      writeFiles(dir, { 'ca-crl.pem': makeList({ signer: other, revoked: [] }) })
    },
    'an older list': (dir) =>
      writeFiles(dir, { 'ca-crl.pem': makeList({ signer: ROOT_CA, revoked: [], from: -72 }) }),
    'a list of the same second that revokes less': (dir) =>
      writeFiles(dir, { 'ca-crl.pem': makeList({ signer: ROOT_CA, revoked: [7], at: NOW }) }),
    'a later list with a smaller number': (dir) =>
      writeFiles(dir, {
        'ca-crl.pem': makeList({ signer: ROOT_CA, revoked: [], from: -1, number: 4 }),
      }),
  }
  const NOW = Date.now()

  for (const [name, rollBack] of Object.entries(ROLLBACKS)) {
    test(`refuses ${name}: who was revoked stays out`, async () => {
      const list = makeList({ signer: ROOT_CA, revoked: [CLIENT.serial], at: NOW, number: 5 })
      const dir = credentialFolder({ others: { 'ca-crl.pem': list } })
      const objects = pairOf(dir)
      const verdict = async () => {
        const [server, client] = ['server', 'client'] as const
        const pair = [objects.credentials(server, server), objects.credentials(client, client)]
        return verdictOf((await meet(pair[0]!, pair[1]!)).server)
      }
      expect(await verdict()).toBe('TLS_CERTIFICATE_REVOKED')
      rollBack(dir)
      const report = objects.reload()
      expect(outcomes(report).server).toBe('refused')
      expect(report.objects[0]?.diagnostics[0]?.code).toMatch(/^OBJECT_REVOCATION_LIST_/)
      expect(await verdict()).toBe('TLS_CERTIFICATE_REVOKED')
      const newer = makeList({ signer: ROOT_CA, revoked: [], from: 0, number: 6 })
      writeFiles(dir, { 'ca-crl.pem': newer })
      expect(outcomes(objects.reload()).server).toBe('replaced')
      expect(await verdict()).toBe('pass')
    })
  }

  test('lets the list of a root go with the root', () => {
    const other = make({ subject: 'Other', ...AUTHORITY })
    const lists = [ROOT_CA, other].map((signer) => makeList({ signer, revoked: [] }))
    const dir = credentialFolder({
      authorities: [ROOT_CA, other],
      others: { 'ca-crl.pem': lists.join('') },
    })
    const objects = pairOf(dir)
    writeFiles(dir, { 'ca-cert.pem': ROOT_CA.certificate, 'ca-crl.pem': lists[0] ?? '' })
    expect(outcomes(objects.reload()).server).toBe('replaced')
  })

  test('takes a new policy, and keeps the old one where it is gone', () => {
    const read = (text: string) =>
      parseSystemConfig({ name: '/policy', text: `[priorities]\n${text}\n` })
    let config = read('SYSTEM=NORMAL:-VERS-ALL:+VERS-TLS1.2')
    const definition = parseObject(`tls-creds-x509,id=s,endpoint=server,dir=${credentialFolder()}`)
    const objects = TlsObjects.create([definition], { readConfig: () => config })
    const versions = () =>
      objects.credentials('s', 'server').settings.allowed.versions.map(({ name }) => name)
    expect(versions()).toEqual(['TLS1.2'])
    config = read('SYSTEM=NORMAL:-VERS-ALL:+VERS-TLS1.2\nQEMU=NORMAL:-VERS-ALL:+VERS-TLS1.3')
    expect(outcomes(objects.reload())).toEqual({ s: 'replaced' })
    expect(versions()).toEqual(['TLS1.3'])
    config = { ...read(''), absent: true }
    const report = objects.reload()
    expect(report.diagnostics[0]?.message).toBe('/policy does not exist')
    expect(outcomes(report)).toEqual({ s: 'unchanged' })
    config = read('QEMU=NORMAL:-VERS-ALL')
    expect(outcomes(objects.reload())).toEqual({ s: 'refused' })
    expect(versions()).toEqual(['TLS1.3'])
  })

  test('reads shared keys for every handshake of a server', async () => {
    const dir = credentialFolder({ others: { 'keys.psk': `qemu:${'a'.repeat(64)}\n` } })
    const objects = objectsOf(
      `tls-creds-psk,id=s,endpoint=server,dir=${dir}`,
      `tls-creds-psk,id=c,dir=${dir}`,
    )
    const [server, client] = [
      objects.credentials('s', 'server'),
      objects.credentials('c', 'client'),
    ]
    expect(verdictOf((await meet(server, client)).server)).toBe('pass')
    writeFiles(dir, { 'keys.psk': '' })
    expect(verdictOf((await meet(server, client)).server)).toBe('TLS_UNKNOWN_USER')
    writeFiles(dir, { 'keys.psk': `qemu:${'b'.repeat(64)}\n` })
    expect(verdictOf((await meet(server, client)).server)).toBe('TLS_WRONG_SHARED_KEY')
    expect(outcomes(objects.reload()).c).toBe('replaced')
    expect(verdictOf((await meet(server, client)).server)).toBe('pass')
    rmSync(join(dir, 'keys.psk'))
    expect((await meet(server, client)).server).toMatchObject({ code: 'FILE_MISSING' })
  })

  test('denies every client while the file of an authorization is broken', async () => {
    const folder = scratchFolder()
    const file = join(folder, 'list.json')
    const rules = [{ match: 'C=UK,CN=qemu', policy: 'allow' }]
    writeFileSync(file, JSON.stringify({ rules }))
    const objects = objectsOf(
      `tls-creds-x509,id=server,endpoint=server,dir=${credentialFolder()}`,
      `tls-creds-x509,id=client,dir=${credentialFolder()}`,
      `authz-listfile,id=authz,filename=${file}`,
    )
    const [server, client] = [
      objects.credentials('server', 'server'),
      objects.credentials('client', 'client'),
    ]
    const authorization = objects.authorization('authz')
    const verdict = async () =>
      verdictOf((await meet(server, client, { accept: { authorization } })).server)
    expect(await verdict()).toBe('pass')
    writeFileSync(file, '{ "rules": [')
    expect(outcomes(objects.reload()).authz).toBe('refused')
    expect(await verdict()).toBe('TLS_NOT_AUTHORIZED')
    writeFileSync(file, JSON.stringify({ rules }))
    expect(outcomes(objects.reload()).authz).toBe('replaced')
    expect(await verdict()).toBe('pass')
  })
})

/** Each row: what is written into the folder first, and then instead of it. */
const RENEWALS: Readonly<Record<string, readonly [before: string, after: string]>> = (() => {
  const list = { signer: ROOT_CA, revoked: [7], at: Date.now(), number: 5 }
  const base = makeList(list)
  return {
    'the number of a list': [base, makeList({ ...list, number: 6 })],
    'a list of a number': [makeList({ signer: ROOT_CA, revoked: [7], at: list.at }), base],
    'the moment of a list': [base, makeList({ ...list, from: -47 })],
    'what a list revokes': [base, makeList({ ...list, revoked: [7, 8] })],
    'a second list': [base, base + makeList({ ...list, signer: OTHER_ROOT })],
  }
})()

describe('a load is a new one by', () => {
  test.each(Object.entries(RENEWALS))('%s', (_, [before, after]) => {
    const dir = credentialFolder({
      authorities: [ROOT_CA, OTHER_ROOT],
      others: { 'ca-crl.pem': before },
    })
    const objects = objectsOf(`tls-creds-x509,id=s,endpoint=server,dir=${dir}`)
    expect(outcomes(objects.reload())).toEqual({ s: 'unchanged' })
    writeFiles(dir, { 'ca-crl.pem': after })
    expect(outcomes(objects.reload())).toEqual({ s: 'replaced' })
    expect(outcomes(objects.reload())).toEqual({ s: 'unchanged' })
  })

  test('an authority, and an intermediate of its own', () => {
    const leaf = endpoint({ subject: 'own', names: names(['dns', 'localhost']) }, LEVEL_1A)
    const dir = credentialFolder({ server: [leaf, LEVEL_1A] })
    const objects = objectsOf(`tls-creds-x509,id=s,endpoint=server,dir=${dir}`)
    writeFiles(dir, { 'ca-cert.pem': ROOT_CA.certificate + OTHER_ROOT.certificate })
    expect(outcomes(objects.reload())).toEqual({ s: 'replaced' })
    writeFiles(dir, {
      'server-cert.pem': leaf.certificate + LEVEL_1A.certificate + ROOT_CA.certificate,
    })
    expect(outcomes(objects.reload())).toEqual({ s: 'replaced' })
  })

  test('the policy, whatever the credentials are', () => {
    const read = (text: string) =>
      parseSystemConfig({ name: '<policy>', text: `[priorities]\nQEMU=${text}\n` })
    let config = read('NORMAL')
    const dir = credentialFolder({ others: { 'keys.psk': `qemu:${'a'.repeat(64)}\n` } })
    const definitions = ['x509', 'psk', 'anon'].map((kind) =>
      parseObject(`tls-creds-${kind},id=${kind},endpoint=server,dir=${dir}`),
    )
    const objects = TlsObjects.create(definitions, { readConfig: () => config })
    config = read('NORMAL:-SHA1')
    const all = (outcome: string) => ({ x509: outcome, psk: outcome, anon: outcome })
    expect(outcomes(objects.reload())).toEqual(all('replaced'))
    expect(outcomes(objects.reload())).toEqual(all('unchanged'))
  })

  test('the shared keys and the content of a secret', () => {
    const dir = scratchFolder()
    writeFiles(dir, { 'keys.psk': `qemu:${'a'.repeat(64)}\n`, secret: 'one' })
    const objects = objectsOf(
      `tls-creds-psk,id=p,endpoint=server,dir=${dir}`,
      `secret,id=s,file=${dir}/secret`,
    )
    writeFiles(dir, { 'keys.psk': `qemu:${'b'.repeat(64)}\n` })
    expect(outcomes(objects.reload())).toEqual({ p: 'replaced', s: 'unchanged' })
    writeFiles(dir, { secret: 'two' })
    expect(outcomes(objects.reload())).toEqual({ p: 'unchanged', s: 'replaced' })
  })
})

describe('the configuration', () => {
  const read = (text: string, name = '<policy>') =>
    parseSystemConfig({ name, text: `[priorities]\n${text}\n` })
  const newest = (objects: TlsObjects) =>
    objects.credentials('n', 'client').settings.allowed.versions.map(({ name }) => name)
  const only = (number: number) => `NORMAL:-VERS-ALL:+VERS-TLS1.${number}:+ANON-ECDH`
  const definition = parseObject('tls-creds-anon,id=n')

  test('that is given comes before the one that is read, and is the newest after a reload', () => {
    const context = { config: read(`QEMU=${only(1)}`), readConfig: () => read(`QEMU=${only(2)}`) }
    const objects = TlsObjects.create([definition], context)
    expect(newest(objects)).toEqual(['TLS1.1'])
    objects.reload()
    expect(newest(objects)).toEqual(['TLS1.2'])
  })

  test('is asked for the keyword of the application first', () => {
    const config = read(`LIBVIRT=${only(1)}\nQEMU=${only(2)}`)
    expect(newest(TlsObjects.create([definition], { config, keyword: 'LIBVIRT' }))).toEqual([
      'TLS1.1',
    ])
    expect(newest(TlsObjects.create([definition], { config, keyword: 'OTHER' }))).toEqual([
      'TLS1.2',
    ])
    expect(newest(TlsObjects.create([definition], { config }))).toEqual(['TLS1.2'])
  })

  test('is watched where it is a file', async () => {
    const path = join(scratchFolder(), 'config')
    const write = (number: number) => writeFileSync(path, `[priorities]\nQEMU=${only(number)}\n`)
    write(1)
    const readConfig = () => parseSystemConfig({ name: path, text: readFileSync(path, 'utf8') })
    const objects = TlsObjects.create([definition], { readConfig })
    onTestFinished(() => objects.close())
    const reports = watch(objects)
    write(2)
    await until(() => reports.length > 0)
    expect(newest(objects)).toEqual(['TLS1.2'])
  })

  test('that cannot be read any more is told, and stays in force', () => {
    let isBroken = false
    const readConfig = () => {
      if (isBroken) fail(FILE_KINDS.missing, { path: '/policy' })
      return read(`QEMU=${only(1)}`)
    }
    const objects = TlsObjects.create([definition], { readConfig })
    isBroken = true
    const report = objects.reload()
    expect(report.diagnostics.map(({ code }) => code)).toEqual(['FILE_MISSING'])
    expect(outcomes(report)).toEqual({ n: 'unchanged' })
    expect(newest(objects)).toEqual(['TLS1.1'])
  })

  test('may be absent from the start on', () => {
    const absent = { ...read('QEMU=NONE'), absent: true } as const
    const objects = TlsObjects.create([parseObject('authz-simple,id=a,identity=x')], {
      readConfig: () => absent,
    })
    expect(objects.reload().diagnostics).toEqual([])
  })
})

describe('watch', () => {
  test.each([{ interval: 0 }, { retryAfter: 0 }, { quiet: -1 }, { patience: -1 }, { every: 1 }])(
    'takes no %o',
    (options) => {
      const refused = /^(LIBRARY_ARGUMENT|LIBRARY_OPTION)$/
      expect(() => objectsOf().watch(() => {}, options)).toThrow(
        expect.objectContaining({
          diagnostics: [expect.objectContaining({ code: expect.stringMatching(refused) })],
        }),
      )
    },
  )

  test('does not tell of a set that is replaced one file after the other', async () => {
    const dir = credentialFolder()
    const objects = pairOf(dir)
    const reports = watch(objects, { ...QUICK, patience: 60_000 })
    const next = credentialFiles({ server: [serverCertificate('second')] })
    writeFiles(dir, { 'server-cert.pem': next['server-cert.pem'] ?? '' })
    await sleep(60)
    expect(await seen(objects)).toBe('CN=localhost')
    writeFiles(dir, { 'server-key.pem': next['server-key.pem'] ?? '' })
    await until(() => reports.length > 0)
    expect(await seen(objects)).toBe('CN=second')
    expect(reports.map(outcomes)).toEqual([{ server: 'replaced', client: 'unchanged' }])
  })

  test('tells of a set that stays broken also where nothing else is loaded', async () => {
    const dir = credentialFolder()
    const objects = objectsOf(`tls-creds-x509,id=server,endpoint=server,dir=${dir}`)
    const reports = watch(objects)
    writeFiles(dir, { 'server-cert.pem': serverCertificate('new').certificate })
    await until(() => reports.length > 0)
    expect(reports.map(outcomes)).toEqual([{ server: 'refused' }])
  })

  test('tells of a set that stays broken, once', async () => {
    const dir = credentialFolder()
    const objects = pairOf(dir)
    const reports = watch(objects)
    writeFiles(dir, { 'server-cert.pem': serverCertificate('new').certificate })
    await until(() => reports.length > 0)
    await sleep(200)
    expect(reports.map(outcomes)).toEqual([{ server: 'refused', client: 'unchanged' }])
    expect(reports[0]?.objects[0]?.diagnostics.map(({ code }) => code)).toEqual([
      'TLS_CREDENTIALS_KEY_MISMATCH',
    ])
    expect(await seen(objects)).toBe('CN=localhost')
  })

  type Swap = (dir: string, files: Readonly<Record<string, string>>) => void

  const SWAPS: Readonly<Record<string, Swap>> = {
    'files replaced by renames': (dir, files) => {
      for (const [name, text] of Object.entries(files)) {
        writeFileSync(join(dir, `.${name}`), text)
        renameSync(join(dir, `.${name}`), join(dir, name))
      }
    },
    'files written in pieces': (dir, files) => {
      for (const [name, text] of Object.entries(files)) {
        writeFileSync(join(dir, name), '')
        for (let at = 0; at < text.length; at += 100) {
          writeFileSync(join(dir, name), text.slice(at, at + 100), { flag: 'a' })
        }
      }
    },
    'a folder that is removed and made anew': (dir, files) => {
      rmSync(dir, { recursive: true })
      writeFiles(dir, files)
    },
    'a folder replaced by a rename': (dir, files) => {
      writeFiles(`${dir}.new`, files)
      renameSync(dir, `${dir}.old`)
      renameSync(`${dir}.new`, dir)
    },
  }

  for (const [name, swap] of Object.entries(SWAPS)) {
    test(`notices ${name}, again and again`, async () => {
      const dir = credentialFolder({}, `pki-${name.length}`)
      const objects = pairOf(dir)
      watch(objects)
      for (const subject of ['second', 'third', 'fourth']) {
        swap(dir, credentialFiles({ server: [serverCertificate(subject)] }))
        rmSync(`${dir}.old`, { recursive: true, force: true })
        await until(async () => (await seen(objects)) === `CN=${subject}`)
      }
    })
  }

  test('notices a swap of ..data, as Kubernetes mounts secrets', async () => {
    const dir = join(scratchFolder(), 'mounted')
    mkdirSync(dir)
    const publish = (version: string, subject: string) => {
      const files = credentialFiles({ server: [serverCertificate(subject)] })
      writeFiles(join(dir, version), files)
      symlinkSync(version, join(dir, '..data_tmp'))
      renameSync(join(dir, '..data_tmp'), join(dir, '..data'))
      return Object.keys(files)
    }
    for (const name of publish('..v1', 'first')) symlinkSync(`..data/${name}`, join(dir, name))
    const objects = pairOf(dir)
    const reports = watch(objects)
    publish('..v2', 'second')
    await until(() => reports.length > 0)
    expect(await seen(objects)).toBe('CN=second')
    rmSync(join(dir, '..v1'), { recursive: true })
    publish('..v3', 'third')
    await until(() => reports.length > 1)
    expect(await seen(objects)).toBe('CN=third')
  })

  test('notices the files of every type of object', async () => {
    const dir = credentialFolder({ others: { 'keys.psk': `qemu:${'a'.repeat(64)}\n` } })
    writeFiles(dir, { secret: 'one', rules: '{"policy": "deny"}', 'libvirtd.conf': '' })
    const objects = objectsOf(
      `tls-creds-psk,id=psk,endpoint=server,dir=${dir}`,
      `tls-creds-x509,id=x509,dir=${dir}`,
      `secret,id=secret,file=${dir}/secret`,
      `authz-list-file,id=list,filename=${dir}/rules`,
      `authz-list-file,id=still,filename=${dir}/rules,refresh=off`,
      `authz-libvirt,id=libvirt,filename=${dir}/libvirtd.conf`,
    )
    const reports = watch(objects)
    const noticed = async (id: string, file: string, text: string) => {
      writeFiles(dir, { [file]: text })
      await until(() => reports.some((report) => outcomes(report)[id] === 'replaced'))
    }
    await noticed('psk', 'keys.psk', `qemu:${'b'.repeat(64)}\n`)
    await noticed('secret', 'secret', 'two')
    await noticed('list', 'rules', '{"policy": "allow"}')
    await noticed('libvirt', 'libvirtd.conf', 'tls_allowed_dn_list = []\n')
    const { certificate, key } = endpoint({ subject: 'other' })
    writeFiles(dir, { 'client-key.pem': key })
    await noticed('x509', 'client-cert.pem', certificate)
  })

  test('finds what changed before it began', async () => {
    const dir = credentialFolder()
    const objects = pairOf(dir)
    writeFiles(dir, credentialFiles({ server: [serverCertificate('second')] }))
    expect(watch(objects).map(outcomes)).toEqual([{ server: 'replaced', client: 'unchanged' }])
    expect(await seen(objects)).toBe('CN=second')
  })

  test('is silent about other files in the folder', async () => {
    const dir = credentialFolder()
    const reports = watch(pairOf(dir))
    writeFiles(dir, { 'notes.txt': 'x', 'server-cert.pem.bak': 'y' })
    await sleep(100)
    expect(reports).toEqual([])
  })

  /** Credentials that a policy without versions refuses; no file tells of its change. */
  function policed(): {
    readonly objects: TlsObjects
    readonly allow: (isAllowed: boolean) => void
  } {
    const read = (text: string) =>
      parseSystemConfig({ name: '<policy>', text: `[priorities]\nQEMU=${text}\n` })
    let config = read('NORMAL:-VERS-ALL:+VERS-TLS1.2')
    const definition = parseObject(`tls-creds-x509,id=s,endpoint=server,dir=${credentialFolder()}`)
    const objects = TlsObjects.create([definition], { readConfig: () => config })
    onTestFinished(() => objects.close())
    let number = 2
    const allow = (isAllowed: boolean): void => {
      number = 5 - number
      config = read(isAllowed ? `NORMAL:-VERS-ALL:+VERS-TLS1.${number}` : 'NORMAL:-VERS-ALL')
    }
    return { objects, allow }
  }

  test('reads again some time after a refusal, and tells of the success alone', async () => {
    const { objects, allow } = policed()
    const reports = watch(objects, { ...QUICK, retryAfter: 20 } as typeof QUICK)
    allow(false)
    expect(outcomes(objects.reload())).toEqual({ s: 'refused' })
    // Some reads that are refused as well.
    await sleep(100)
    expect(reports).toEqual([])
    allow(true)
    await until(() => reports.length > 0)
    expect(reports.map(outcomes)).toEqual([{ s: 'replaced' }])
    await sleep(60)
    expect(reports.length).toBe(1)
  })

  test('does not tell of a refusal again that a reload has told', async () => {
    const { objects, allow } = policed()
    allow(false)
    const reports = watch(objects, { ...QUICK, patience: 20 })
    expect(outcomes(objects.reload())).toEqual({ s: 'refused' })
    await sleep(60)
    expect(reports).toEqual([])
  })

  test('reads no more after close, although a refusal was to be tried again', async () => {
    const { objects, allow } = policed()
    const reports = watch(objects, { ...QUICK, retryAfter: 20 } as typeof QUICK)
    allow(false)
    objects.reload()
    objects.close()
    allow(true)
    await sleep(100)
    expect(reports).toEqual([])
    expect(outcomes(objects.reload())).toEqual({ s: 'replaced' })
    allow(false)
    expect(outcomes(objects.reload())).toEqual({ s: 'refused' })
    allow(true)
    await sleep(100)
    expect(reports).toEqual([])
  })

  test('reads a good set once, and not again until something changes', async () => {
    const config = parseSystemConfig({ name: '<policy>', text: '[priorities]\nQEMU=NORMAL\n' })
    let reads = 0
    const readConfig = () => {
      reads++
      return config
    }
    const objects = TlsObjects.create([parseObject('secret,id=s,data=x')], { readConfig })
    onTestFinished(() => objects.close())
    watch(objects, { quiet: 1, interval: 60_000, patience: 5 })
    const before = reads
    await sleep(40)
    expect(reads).toBe(before)
  })

  test('ends with close', async () => {
    const dir = credentialFolder()
    const objects = pairOf(dir)
    const reports = watch(objects)
    objects.close()
    writeFiles(dir, credentialFiles({ server: [serverCertificate('second')] }))
    await sleep(100)
    expect(reports).toEqual([])
  })
})

test('1,000 handshakes while certificates are swapped: none fails, none sees a mixed pair', async () => {
  const authority = (name: string) => make({ subject: name, ...AUTHORITY })
  const issuers = [authority('First CA'), authority('Second CA')]
  const sets = issuers.map((issuer, index) =>
    credentialFiles({
      authorities: [...issuers, ROOT_CA],
      server: [serverCertificate(`server ${index}`, { issuer })],
    }),
  )
  const dir = join(scratchFolder(), 'pki')
  writeFiles(dir, sets[0] ?? {})
  const client = credentialFolder({ authorities: issuers })
  const objects = objectsOf(
    `tls-creds-x509,id=server,endpoint=server,dir=${dir}`,
    `tls-creds-x509,id=client,dir=${client},sanity-check=off`,
  )
  const reports = watch(objects)
  const ends: (readonly [string | undefined, string | undefined])[] = []
  let isOver = false
  const swapping = (async () => {
    for (let turn = 1; !isOver; turn++) {
      const files = sets[turn % 2] ?? {}
      // One after the other, with time between them: the pair on disk is mixed again and again.
      writeFiles(dir, { 'server-cert.pem': files['server-cert.pem'] ?? '' })
      await sleep(turn % 3)
      writeFiles(dir, { 'server-key.pem': files['server-key.pem'] ?? '' })
      if (turn % 4 === 0) objects.reload()
      await sleep(30)
    }
  })()
  onTestFinished(() => {
    isOver = true
  })
  const open = await openListener('tcp')
  const [server, peer] = [
    objects.credentials('server', 'server'),
    objects.credentials('client', 'client'),
  ]
  const one = async (): Promise<void> => {
    const result = await meet(server, peer, { pair: await open() })
    const { certificate } = sessionOf(result.client).peer
    ends.push([certificate?.subject, certificate?.issuer])
    expect(verdictOf(result.server)).toBe('pass')
    for (const side of [result.server, result.client]) sessionOf(side).socket.destroy()
  }
  for (let batch = 0; batch < 10; batch++) await Promise.all(Array.from({ length: 100 }, one))
  isOver = true
  await swapping
  const kinds = new Set(ends.map((pair) => pair.join(' by ')))
  expect([...kinds].toSorted()).toEqual([
    'CN=server 0 by CN=First CA',
    'CN=server 1 by CN=Second CA',
  ])
  expect(ends.length).toBe(1000)
  expect(reports.length).toBeGreaterThan(1)
})
