/** Owners of files by name, as chown(1) takes them; the host's name service knows the names. */
import { spawnSync } from 'node:child_process'
import { fail } from '../diagnostics/diagnostic.ts'
import { SERVICE_KINDS } from './service-diagnostics.ts'

export type FileOwner = { readonly user?: number; readonly group?: number }

/**
 * Reads `USER`, `USER:GROUP` or `:GROUP`, each a name or a number.
 *
 * @throws DiagnosticError SERVICE_UNKNOWN_OWNER.
 */
export function findOwner(text: string): FileOwner {
  const [, user = '', group = ''] = /^([^:]*)(?::([^:]+))?$/.exec(text) ?? []
  if (user === '' && group === '')
    fail(SERVICE_KINDS.unknownOwner, { name: text, database: 'user' })
  return {
    ...(user === '' ? {} : { user: findId('passwd', user) }),
    ...(group === '' ? {} : { group: findId('group', group) }),
  }
}

/** Of 32 bits, but for the last, which stands for none. */
const ID_LIMIT = 2 ** 32 - 2

function findId(database: 'passwd' | 'group', name: string): number {
  const id = /^\d{1,10}$/.test(name) ? Number(name) : idByName(database, name)
  if (id <= ID_LIMIT) return id
  return fail(SERVICE_KINDS.unknownOwner, {
    name,
    database: database === 'passwd' ? 'user' : 'group',
  })
}

/** The third field is the number in both. @returns NaN where there is none. */
function idByName(database: string, name: string): number {
  const { stdout } = spawnSync('getent', ['--', database, name], { encoding: 'utf8' })
  const [found, , id] = (stdout ?? '').split(':')
  return found === name && id ? Number(id) : Number.NaN
}
