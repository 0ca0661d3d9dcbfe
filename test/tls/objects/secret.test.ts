import { createCipheriv, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { parseObject, parseObjects } from '../../../src/tls/objects/parse-object.ts'
import { mayHoldSecret } from '../../../src/tls/objects/secret-words.ts'
import { TlsObjects } from '../../../src/tls/objects/tls-objects.ts'
import { runFile, scratchFolder, writeFiles } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'
import { testWith } from '../../peers/peer.ts'
import { CLIENT, credentialFolder } from './folder.ts'

const PASSPHRASE = 'correct horse'

/** A folder whose key is encrypted. */
function lockedFolder(passphrase: string): string {
  const { privateKey } = CLIENT
  const format = {
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase,
  } as const
  return credentialFolder({ others: { 'client-key.pem': privateKey.export(format) as string } })
}

function unlock(...secrets: readonly string[]): TlsObjects {
  return unlockWith(PASSPHRASE, ...secrets)
}

function unlockWith(passphrase: string, ...secrets: readonly string[]): TlsObjects {
  const x509 = `tls-creds-x509,id=x,dir=${lockedFolder(passphrase)},passwordid=pass`
  return TlsObjects.create([x509, ...secrets].map((text) => parseObject(text)))
}

test('a secret opens a private key: raw, in base64, from a file', () => {
  const file = join(scratchFolder(), 'pass')
  writeFiles('/', { [file]: PASSPHRASE })
  const base64 = Buffer.from(PASSPHRASE).toString('base64')
  for (const secret of [`data=${PASSPHRASE}`, `data=${base64},format=base64`, `file=${file}`]) {
    unlock(`secret,id=pass,${secret}`)
  }
})

test.each(['twelve bytes', 'thirteen byte', 'fourteen bytes'])(
  'base64 is read with each padding, and over several lines: %s',
  (passphrase) => {
    const base64 = Buffer.from(passphrase).toString('base64')
    unlockWith(passphrase, `secret,id=pass,data=${base64},format=base64`)
    unlockWith(
      passphrase,
      `secret,id=pass,data=${base64.slice(0, 5)}\n ${base64.slice(5)}\n,format=base64`,
    )
    for (const bad of [base64.slice(1), `${base64}=`, `${base64}A`, `-${base64.slice(1)}`]) {
      const load = () => unlockWith(passphrase, `secret,id=pass,data=${bad},format=base64`)
      expect(load).toThrow(refusal('OBJECT_SECRET_UNUSABLE'))
    }
  },
)

test('a wrong secret, or none, is refused in words that do not show it', () => {
  for (const secret of ['data=wrong horse', `data=${PASSPHRASE},format=base64`]) {
    expect(() => unlock(`secret,id=pass,${secret}`)).toThrow(/^(?!.*horse)/s)
  }
  expect(() => unlock()).toThrow('passwordid is not the id of a secret')
})

test.each([
  '{"qom-type": "tls-creds-psk", "id": "a", "dir": "/x"}',
  "{'qom-type': 'tls-creds-anon', 'id': 'a'}",
  'qom-type: authz-list\nid: a\nrules:\n- match: x\n  policy: allow\n  format: glob\n',
  'objects:\n- {qom-type: authz-libvirt, id: a, filename: /x}\n',
  'tls-creds-x509,id=a,verify-peer=on,endpoint=server,priority=NORMAL,sanity-check=off',
  'authz-list,id=a,rules.0.match=x,rules.999.policy=deny',
  'authz-pam,id=a,service=x',
  'authz-simple,id=a,identity=x',
  'tls-creds-psk,id=a,x-file=y',
  'authz-list-file,id=a,refresh=off',
  '',
])('%j holds no secret, and may be shown in messages', (text) => {
  expect(mayHoldSecret(text)).toBe(false)
  expect(parsedAsSecret(text)).toBe(false)
})

test.each([
  '{"qom-type": "sercet", "id": "a"}',
  "{'qom-type':'sercet'}",
  'qom-type: sercet\nid: a\n',
  'qom-type = sercet',
  'sercet,id=a',
  'tls-creds-x509,id=a,dta=x',
  'tls-creds-x509,id=a,data=x',
  'tls-creds-x509,id=a,passwordid=x',
  'tls-creds-x509,id=a,dir=SeCrEt',
  'tls-creds-x509,id=a,dir=my-pwd',
  'tls-creds-x509,id=a,dir=Token',
  'tls-creds-x509,id=a,dir=x # y',
  '{"qom-type": "authz-list", "id": "\\u0061"}',
  '{"qom-type": "authz-list", "id": "\\x61"}',
  'rules.1000.match=x',
  'rules.x.match=x',
  'authz-list,id=a,tls-creds=x',
  'a: b',
])('%j may hold a secret, and is not shown', (text) => {
  expect(mayHoldSecret(text)).toBe(true)
  expect(parsedAsSecret(text)).toBe(true)
})

test('words that are harmless in a text of another kind are given with it', () => {
  const text = 'exports:\n- name: x\n'
  expect(mayHoldSecret(text)).toBe(true)
  expect(mayHoldSecret(text, new Set(['exports', 'name']))).toBe(false)
  expect(mayHoldSecret(`${text}  data: y\n`, new Set(['exports', 'name', 'data']))).toBe(true)
})

/** Whether the place of a mistake in a text is marked, so that its line is not printed. */
function parsedAsSecret(text: string): boolean {
  try {
    parseObjects({ name: 'objects.yaml', text: `${text}\n]` })
  } catch (error) {
    if (error instanceof DiagnosticError)
      return error.diagnostics[0]?.span?.source.isSecret ?? false
    throw error
  }
  throw new Error('it was parsed')
}

test('a secret is decrypted with another one', () => {
  // Of other keys, one in 256 makes a padding that is right by chance.
  const [key, iv, wrong] = [Buffer.alloc(32, 1), Buffer.alloc(16, 2), Buffer.alloc(32, 3)]
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  const data = Buffer.concat([cipher.update(PASSPHRASE), cipher.final()]).toString('base64')
  const locked = `secret,id=pass,data=${data},format=base64,keyid=master,iv=${iv.toString('base64')}`
  const master = (bytes: Buffer) =>
    `secret,id=master,data=${bytes.toString('base64')},format=base64`
  unlock(locked, master(key))
  expect(() => unlock(locked, master(wrong))).toThrow(/the secret `pass` cannot be used/)
  expect(() => unlock(locked, master(key.subarray(1)))).toThrow('31 bytes')
})

testWith('openssl', 'a secret that openssl encrypted is decrypted', () => {
  const folder = scratchFolder()
  writeFiles(folder, { plain: PASSPHRASE })
  const [key, iv] = [randomBytes(32), randomBytes(16)]
  const args = ['enc', '-aes-256-cbc', '-K', key.toString('hex'), '-iv', iv.toString('hex')]
  runFile('openssl', [...args, '-in', join(folder, 'plain'), '-out', join(folder, 'locked')])
  unlock(
    `secret,id=pass,file=${join(folder, 'locked')},keyid=master,iv=${iv.toString('base64')}`,
    `secret,id=master,data=${key.toString('base64')},format=base64`,
  )
})

test('what does not fit a decryption is refused by its code', () => {
  const key = 'secret,id=k,data=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=,format=base64'
  const iv = (length: number) => Buffer.alloc(length, 2).toString('base64')
  const load = (text: string) => () =>
    TlsObjects.create(
      [key, `secret,id=s,data=AAAA,format=base64,${text}`].map((one) => parseObject(one)),
    )
  expect(load(`keyid=k,iv=${iv(15)}`)).toThrow('its iv has 15 bytes, and 16 are needed')
  expect(load(`keyid=k,iv=${iv(17)}`)).toThrow('its iv has 17 bytes, and 16 are needed')
  expect(load('keyid=k,iv=AAA')).toThrow('it is not base64')
  expect(load('keyid=k')).toThrow(refusal('OBJECT_MISSING_PROPERTY'))
  expect(load(`iv=${iv(16)}`)).toThrow(refusal('OBJECT_CONFLICTING_PROPERTIES'))
  expect(load(`keyid=k,iv=${iv(16)}`)).toThrow('it does not decrypt with this key')
})

test('a file that is no absolute path may be the secret: it is not shown where it cannot be read', () => {
  const load = (file: string) => () => TlsObjects.create([parseObject(`secret,id=s,file=${file}`)])
  expect(load('hunter2')).toThrow(refusal('OBJECT_SECRET_UNUSABLE'))
  expect(load('hunter2')).toThrow(/^(?!.*hunter2).*FILE_MISSING/s)
  expect(load('/nowhere/hunter2')).toThrow(refusal('FILE_MISSING'))
  expect(load('package.json')).not.toThrow()
})
