/** Real clients that are set up by a converted text, and what each offers then. */

import { readFileSync } from 'node:fs'
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConversionTarget } from '../../../src/priority/library-releases.ts'
import {
  catchDatagram,
  catchHello,
  insidePath,
  JAVA_COMMAND,
  output,
  type Place,
} from './hello-catcher.ts'

export type Client = {
  readonly target: ConversionTarget
  /** The program that a test needs. */
  readonly program: string
  /** The first message for each text; undefined where the client takes the text for nothing. */
  readonly hellos: (
    texts: readonly string[],
    place: Place,
  ) => Promise<readonly (Buffer | undefined)[]>
}

/** `openssl s_client` with the text as the configuration of the whole system. */
const OPENSSL: Client = {
  target: 'openssl',
  program: 'openssl',
  hellos: (texts, place) =>
    oneByOne(texts, async (text) => {
      const head = 'openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = system\n'
      await writeFile(join(place.folder, 'openssl.cnf'), `${head}[system]\n${text}`)
      const environment = { OPENSSL_CONF: insidePath(place, 'openssl.cnf') }
      const command = ['openssl', 's_client', '-psk', '00112233', '-connect']
      return catchHello(place, (port) => [...command, `127.0.0.1:${port}`], environment)
    }),
}

/** This program's own Node.js. */
const NODE: Client = {
  target: 'node',
  program: 'node',
  hellos: (texts, place) =>
    oneByOne(texts, (text) => {
      const script = `
        const options = JSON.parse(process.argv[1])
        const psk = Buffer.alloc(16)
        const { connect, createSecureContext } = require('node:tls')
        connect({
          secureContext: createSecureContext(options), port: process.argv[2], host: '127.0.0.1',
          pskCallback: () => ({ psk, identity: 'x' }), checkServerIdentity: () => undefined,
        }).on('error', () => {})`
      const command = (port: number) => [process.execPath, '-e', script, text, `${port}`]
      return catchHello(place, command)
    }),
}

const JAVA: Client = {
  target: 'java',
  program: 'javac',
  async hellos(texts, place) {
    const source = readFileSync(join(import.meta.dirname, 'ClientHello.java'))
    await writeFile(join(place.folder, 'ClientHello.java'), source)
    await output(place, [
      'javac',
      '-d',
      insidePath(place, '.'),
      insidePath(place, 'ClientHello.java'),
    ])
    return oneByOne(texts, async (text) => {
      const properties = text.split('\n').filter((line) => line !== '')
      const settings = properties.map((line) => `-D${line}`)
      const command = [...JAVA_COMMAND, ...settings, '-cp', insidePath(place, '.'), 'ClientHello']
      return hex(await output(place, command))
    })
  },
}

/** One program for all texts: the compiler is slow. */
const GO: Client = {
  target: 'go',
  program: 'go',
  async hellos(texts, place) {
    const source = readFileSync(join(import.meta.dirname, 'client-hello.go.txt'), 'utf8')
    const configs = texts.map((text) => `${text.trim()},`).join('\n')
    await writeFile(join(place.folder, 'main.go'), source.replace('// CONFIGS', configs))
    const environment = { HOME: insidePath(place, '.'), GOTOOLCHAIN: 'local', GOPROXY: 'off' }
    const printed = await output(place, ['go', 'run', insidePath(place, 'main.go')], environment)
    return printed.trim().split('\n').map(hex)
  },
}

const NSS: Client = {
  target: 'nss',
  program: 'tstclnt',
  hellos: (texts, place) => oneByOne(texts, async (text) => (await nssHellos(text, place))[0]),
}

/** What `tstclnt` offers under a policy module, with each list of its options. */
export async function nssHellos(
  text: string,
  place: Place,
  optionLists: readonly (readonly string[])[] = [[]],
): Promise<readonly (Buffer | undefined)[]> {
  const database = join(place.folder, 'nss')
  await rm(database, { recursive: true, force: true })
  await makeDatabase(place)
  await cp(join(place.folder, 'nss-empty'), database, { recursive: true })
  const modules = readFileSync(join(database, 'pkcs11.txt'), 'utf8').trimEnd()
  await writeFile(join(database, 'pkcs11.txt'), `${modules}\n\n${text}`)
  return oneByOne(optionLists, (options) => {
    const commandFor = (port: number) => [
      ...['tstclnt', '-h', '127.0.0.1', '-p', `${port}`, '-o', '-Q'],
      ...['-d', `sql:${insidePath(place, 'nss')}`, ...options],
    ]
    const catching = options.includes('-P') ? catchDatagram : catchHello
    return catching(place, commandFor, { NSS_IGNORE_SYSTEM_POLICY: '1' })
  })
}

export const CLIENTS: readonly Client[] = [OPENSSL, NODE, JAVA, GO, NSS]

async function makeDatabase(place: Place): Promise<void> {
  try {
    await mkdir(join(place.folder, 'nss-empty'))
  } catch {
    return
  }
  const folder = `sql:${insidePath(place, 'nss-empty')}`
  await output(place, ['certutil', '-N', '-d', folder, '--empty-password'])
}

async function oneByOne<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const item of items) results.push(await work(item))
  return results
}

function hex(text: string): Buffer | undefined {
  const bytes = Buffer.from(text.trim(), 'hex')
  return bytes.length > 43 ? bytes : undefined
}
