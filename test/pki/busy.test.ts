/** Two runs at once: one that changes credentials, and one that waits for it and gives up. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { takeFileLock } from '../../src/files/file-lock.ts'
import { withCredentialLock } from '../../src/pki/credential-writing.ts'
import { replacePsk } from '../../src/pki/psk-file.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'
import { giveLocksUpAtOnce, WHOLE_WAIT } from '../files/impatient-locks.ts'
import { issue, makeAuthority } from './credentials.ts'

test('no certificate is issued in a folder that another run is changing', () => {
  const folder = makeAuthority('ed25519')
  const waits = giveLocksUpAtOnce()
  withCredentialLock(folder, () => {
    waits.splice(0)
    expect(() => issue(folder, 'server', 'ed25519')).toThrow(refusal('PKI_FOLDER_BUSY'))
    expect(waits).toEqual(WHOLE_WAIT)
    expect(readdirSync(folder).filter((name) => name.startsWith('server'))).toEqual([])
  })
  expect(issue(folder, 'server', 'ed25519').notes).toEqual([])
})

test('a key that another run is adding is not lost', () => {
  const folder = scratchFolder()
  writeFiles(folder, { 'keys.psk': 'alice:00ff\n' })
  const waits = giveLocksUpAtOnce()
  const never = (): never => {
    throw new Error('it is free')
  }
  const release = takeFileLock(join(folder, 'keys.psk.lock'), { giveUp: never })
  waits.splice(0)
  expect(() => replacePsk({ folder, user: 'bob' })).toThrow(refusal('PKI_PSK_BUSY'))
  expect(waits).toEqual(WHOLE_WAIT)
  expect(readFileSync(join(folder, 'keys.psk'), 'utf8')).toBe('alice:00ff\n')
  release()
  expect(replacePsk({ folder, user: 'bob' }).isReplaced).toBe(false)
})
