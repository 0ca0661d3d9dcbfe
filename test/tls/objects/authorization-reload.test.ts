/** Rules in a file that changes: until it can be read again, no client is let in. */
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { certificateOf } from '../../../src/x509/certificate.ts'
import { scratchFolder } from '../../cli/command.ts'
import { CLIENT } from './folder.ts'
import { objectsOf } from './meeting.ts'

const PEER = certificateOf(new X509Certificate(CLIENT.raw), { file: '<peer>', index: 0 })

const rules = (...list: readonly object[]) => JSON.stringify({ policy: 'deny', rules: list })
const ALLOWED = { match: 'C=UK,CN=qemu', policy: 'allow' }

function scene(text: string) {
  const path = join(scratchFolder(), 'rules.json')
  writeFileSync(path, text)
  const objects = objectsOf(`authz-list-file,id=a,filename=${path}`)
  const authorization = objects.authorization('a')
  return {
    /** Decides after the file was changed and loaded. */
    change: (next: string) => {
      writeFileSync(path, next)
      const outcomes = objects.reload().objects.map(({ outcome }) => outcome)
      return [...outcomes, authorization.decide(PEER).allowed]
    },
    decide: () => authorization.decide(PEER),
  }
}

test('a client that the rules let in is kept out while they cannot be read, and told why', () => {
  const { change, decide } = scene(rules(ALLOWED))
  expect(decide()).toMatchObject({ allowed: true, index: 0 })
  expect(change('{')).toEqual(['refused', false])
  expect(decide().rule).toContain(
    'there is no rule, since its file could not be loaded, so every client is denied',
  )
  expect(change('{')).toEqual(['refused', false])
  // The same rules as before count as new ones.
  expect(change(rules(ALLOWED))).toEqual(['replaced', true])
  expect(change(rules(ALLOWED))).toEqual(['unchanged', true])
})

test('the first rule that matches decides, and without one the policy of the object', () => {
  const denied = { ...ALLOWED, policy: 'deny' }
  const { change, decide } = scene(rules())
  expect(decide()).toMatchObject({
    allowed: false,
    rule: expect.stringContaining('its policy is deny'),
  })
  expect(change(rules(denied, ALLOWED))).toEqual(['replaced', false])
  expect(change(rules(ALLOWED, denied))).toEqual(['replaced', true])
  expect(change(rules({ match: 'C=UK,CN=qem', policy: 'allow' }))).toEqual(['replaced', false])
  expect(change(rules({ match: 'C=UK,CN=*', policy: 'allow' }))).toEqual(['replaced', false])
  const glob = { match: 'C=UK,CN=*', policy: 'allow', format: 'glob' }
  expect(change(rules(glob))).toEqual(['replaced', true])
  expect(change(JSON.stringify({ policy: 'allow', rules: [] }))).toEqual(['replaced', true])
})
