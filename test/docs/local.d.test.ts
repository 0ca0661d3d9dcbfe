import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkGnutlsDropIn } from '../../src/system/drop-ins.ts'
import { listPriority } from '../backends/gnutls-cli.ts'
import { ROOT } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'

const FOLDER = join(ROOT, 'local.d')
const CONFIG = '[priorities]\nSYSTEM=NORMAL:-VERS-TLS-ALL:+VERS-TLS1.2\n'
const KEYWORDS: Readonly<Record<string, string>> = {
  'gnutls-libvirt.config': 'LIBVIRT',
  'gnutls-qemu.config': 'QEMU',
}

test('every shipped drop-in is tried', () => {
  expect(readdirSync(FOLDER).toSorted()).toEqual(Object.keys(KEYWORDS).toSorted())
})

for (const [name, keyword] of Object.entries(KEYWORDS)) {
  const shipped = readFileSync(join(FOLDER, name), 'utf8')
  const used = shipped.replace(`\n#${keyword}=`, `\n${keyword}=`)

  describe(`local.d/${name}`, () => {
    test('is accepted as shipped and in use', () => {
      expect(used).not.toBe(shipped)
      expect(shipped.endsWith('\n')).toBe(true)
      for (const text of [shipped, used]) expect(checkGnutlsDropIn({ name, text })).toEqual([])
    })

    testWith('gnutls-cli', 'changes nothing as shipped', () => {
      for (const priority of ['@SYSTEM', `@${keyword},SYSTEM`]) {
        const { ok, suites, classes } = listPriority(priority, CONFIG + shipped)
        expect(ok).toBe(true)
        expect([...classes]).toEqual([...listPriority('@SYSTEM', CONFIG).classes])
        expect(suites.length).toBeGreaterThan(0)
      }
    })

    testWith('gnutls-cli', 'takes the place of SYSTEM in use, for its keyword alone', () => {
      const { ok, classes } = listPriority(`@${keyword},SYSTEM`, CONFIG + used)
      expect(ok).toBe(true)
      expect(classes.get('Protocols')?.[0]).toBe('VERS-TLS1.3')
      expect(classes.get('Protocols')).not.toContain('VERS-TLS1.1')
      const [before, after] = [CONFIG, CONFIG + used].map((text) => listPriority('@SYSTEM', text))
      expect([...(after?.classes ?? [])]).toEqual([...(before?.classes ?? [])])
    })
  })
}
