/**
 * `authz-libvirt`: the list `tls_allowed_dn_list` of libvirt's configuration, as it stands there.
 *
 * Where the setting is missing, libvirt checks nothing and lets every client with a certificate
 * in; an empty list lets no client in. Each entry is a glob on the distinguished name.
 */
import { fail } from '../../../diagnostics/diagnostic.ts'
import { FILE_KINDS } from '../../../files/file-diagnostics.ts'
import { findLibvirtSetting, type LibvirtValue } from '../../../files/libvirt-config.ts'
import { readSecretTextFile } from '../../../files/text-file.ts'
import { type AuthorizationRule, makeRule } from '../../authorization/authorization-rule.ts'
import { digestOf } from './digest.ts'
import type { ObjectType } from './object-type.ts'

const DEFAULT_FILE = '/etc/libvirt/libvirtd.conf'
const DEFAULT_KEY = 'tls_allowed_dn_list'

export const AUTHZ_LIBVIRT: ObjectType = {
  name: 'authz-libvirt',
  kind: 'authorization',
  properties: ['filename', 'key'],
  load: (reader) => {
    const path = reader.text('filename') ?? DEFAULT_FILE
    const key = reader.text('key') ?? DEFAULT_KEY
    const source = readSecretTextFile(path)
    const value = findLibvirtSetting(source, key)
    const rules = value ? readRules(value, key) : []
    const where = `${key} of ${path}`
    const fallback = value ? 'deny' : 'allow'
    const fallbackReason = value ? `and ${where} allows nothing else` : `since ${where} is not set`
    const list = { name: reader.what, rules, fallback, fallbackReason } as const
    return { kind: 'authorization', list, digest: digestOf(source.text), paths: [path] }
  },
}

function readRules(value: LibvirtValue, key: string): readonly AuthorizationRule[] {
  const items = value.kind === 'list' ? value.items : undefined
  if (!items) return refuse(value, key)
  return items.map((item) => {
    if (item.kind !== 'text') return refuse(item, key)
    const rule = { of: 'dn', match: item.text, format: 'glob', policy: 'allow' } as const
    return makeRule(rule, item.span)
  })
}

function refuse({ span }: LibvirtValue, key: string): never {
  fail(FILE_KINDS.libvirtSyntax, { reason: `${key} is a list of texts: ["C=UK,CN=*"]` }, span)
}
