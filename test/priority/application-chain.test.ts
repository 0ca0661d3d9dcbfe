import { expect, test } from 'vitest'
import { traceApplication } from '../../src/priority/application-chain.ts'
import { isResolved } from '../../src/priority/resolve.ts'
import { parseSystemConfig } from '../../src/priority/system-config.ts'

const config = parseSystemConfig({
  name: 'gnutls.config',
  text: '[overrides]\ndefault-priority-string = PFS\n[priorities]\nSYSTEM=NORMAL\nX=SECURE128\n',
})

function setting(text: string) {
  return {
    name: 'app.conf priority',
    span: { source: { name: 'app.conf', text }, start: 0, end: text.length },
  }
}

function states(...args: Parameters<typeof traceApplication>): readonly string[] {
  return traceApplication(...args).links.map(({ name, state }) => `${name} ${state}`)
}

test('stops at an explicit string', () => {
  expect(states([setting('NORMAL:-RSA')], '@X,SYSTEM', { config })).toEqual([
    'app.conf priority wins',
    'built in passed over',
    'library default passed over',
  ])
})

test('follows the keywords of what is built in', () => {
  const absent = { name: 'app.conf priority', remark: 'not set' }
  expect(states([absent], '@Y,X,SYSTEM', { config })).toEqual([
    'app.conf priority absent',
    'built in asks',
    'Y absent',
    'X wins',
    'SYSTEM passed over',
    'library default passed over',
  ])
})

test('falls back to the default of the library, which the configuration may set', () => {
  const { links, result } = traceApplication([], undefined, { config })
  expect(links).toMatchObject([{ name: 'library default', state: 'wins', text: 'PFS' }])
  expect(isResolved(result) && result.text).toBe('PFS')
})

test('does not go on to the next place where a keyword is missing', () => {
  const { result } = traceApplication([setting('@NOWHERE')], '@SYSTEM', { config })
  expect(isResolved(result)).toBe(false)
})
