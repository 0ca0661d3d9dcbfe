/** Folders of credentials as QEMU lays them out, of certificates made in the test. */
import { join } from 'node:path'
import type { AlternativeName } from '../../../src/x509/alternative-name.ts'
import { scratchFolder, writeFiles } from '../../cli/command.ts'
import {
  type Attribute,
  AUTHORITY,
  type Description,
  ENDPOINT,
  type Made,
  make,
} from '../../x509/made-certificate.ts'

export const ROOT_CA = make({ subject: 'Test Root', ...AUTHORITY })

/** `C=UK,CN=NAME`, the first as printable text. */
export function ukName(name: string): readonly (readonly Attribute[])[] {
  return [[['2.5.4.6', 0x13, Buffer.from('UK')]], [['2.5.4.3', 0x0c, Buffer.from(name)]]]
}

type NameKind = Extract<AlternativeName['kind'], 'dns' | 'ip' | 'uri' | 'email'>

const TAGS: { readonly [Kind in NameKind]: number } = {
  email: 0x81,
  dns: 0x82,
  uri: 0x86,
  ip: 0x87,
}

/** Alternative names of a certificate; addresses are bytes. */
export function names(
  ...list: readonly (readonly [NameKind, string | readonly number[]])[]
): NonNullable<Description['names']> {
  return list.map(([kind, value]) => [
    TAGS[kind],
    typeof value === 'string' ? Buffer.from(value) : Buffer.from(value),
  ])
}

export function endpoint(description: Description, issuer: Made = ROOT_CA): Made {
  return make({ ...ENDPOINT, issuer, ...description })
}

/** The server `localhost` and the client `C=UK,CN=qemu` of most tests. */
export const SERVER = endpoint({ subject: 'localhost', names: names(['dns', 'localhost']) })
export const CLIENT = endpoint({ subject: ukName('qemu') })

export type FolderContent = {
  readonly authorities?: readonly Made[]
  readonly server?: readonly Made[]
  readonly client?: readonly Made[] | undefined
  readonly others?: Readonly<Record<string, string>>
}

/** The files of a folder, by name. */
export function credentialFiles({
  authorities = [ROOT_CA],
  server = [SERVER],
  client = [CLIENT],
  others = {},
}: FolderContent = {}): Readonly<Record<string, string>> {
  const pem = (chain: readonly Made[]) => chain.map(({ certificate }) => certificate).join('')
  return {
    'ca-cert.pem': pem(authorities),
    ...(server[0] ? { 'server-cert.pem': pem(server), 'server-key.pem': server[0].key } : {}),
    ...(client[0] ? { 'client-cert.pem': pem(client), 'client-key.pem': client[0].key } : {}),
    ...others,
  }
}

/** A folder of credentials that is gone after the test. */
export function credentialFolder(content: FolderContent = {}, name = 'pki'): string {
  const dir = join(scratchFolder(), name)
  writeFiles(dir, credentialFiles(content))
  return dir
}
