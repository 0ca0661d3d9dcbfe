/** The programs of servers judge the texts of applications: what is written passes, and a line that no release knows is found. */

import { expect } from 'vitest'
import { convertPriority } from '../../../src/priority/convert/convert.ts'
import { requirePriority } from '../../../src/priority/failure/failure-diagnostics.ts'
import type { ConversionTarget } from '../../../src/priority/library-releases.ts'
import { findConsumer } from '../../../src/system/consumers/all-consumers.ts'
import {
  type Consumer,
  type ConsumerFinding,
  findProgram,
  type Workbench,
  withWorkbench,
} from '../../../src/system/consumers/consumer.ts'
import { testWith } from '../../peers/peer.ts'

const SERVERS: readonly (readonly [program: string, target: ConversionTarget, line: string])[] = [
  ['nginx', 'nginx', 'ssl_nonsense on;'],
  ['apache2', 'apache', 'SSLNonsense on'],
  ['haproxy', 'haproxy', 'ssl-default-bind-nonsense on'],
  ['doveconf', 'dovecot', 'ssl_nonsense = on'],
  ['pg_ctlcluster', 'postgresql', "ssl_nonsense = 'on'"],
]

for (const [program, target, line] of SERVERS) {
  testWith(
    program,
    `${target} passes what is written, and finds the line that it does not know`,
    async () => {
      const text = textFor(target)
      expect(await check(target, text)).toEqual([])
      const [finding, ...others] = await check(target, `${text}${line}\n`)
      expect(others).toEqual([])
      expect(finding).toMatchObject({ effect: 'stops', line: text.split('\n').length })
      expect(finding).toHaveProperty('complaint', expect.stringMatching(/nonsense/i))
      expect(await acceptsAll(target, [text, text])).toBe(true)
      expect(await acceptsAll(target, [text, `${text}${line}\n`])).toBe(false)
    },
  )
}

testWith('nginx', 'nginx finds a list that its OpenSSL does not take', async () => {
  const findings = await check('nginx', 'ssl_ecdh_curve no-such-group;\n')
  expect(findings).toEqual([
    {
      effect: 'stops',
      complaint: expect.stringContaining('SSL_CTX_set1_curves_list("no-such-group")'),
    },
  ])
})

testWith(
  'postconf',
  'postfix passes what is written, and finds a parameter that it does not know',
  async () => {
    const text = textFor('postfix')
    expect(await check('postfix', text)).toEqual([])
    expect(await check('postfix', `${text}smtpd_tls_nonsense = on\n`)).toEqual([
      { effect: 'ignores-setting', unknown: { setting: 'smtpd_tls_nonsense', value: null } },
    ])
  },
)

function textFor(target: ConversionTarget): string {
  return convertPriority(requirePriority({ name: 'test', text: 'NORMAL' }), target).text
}

async function check(target: string, text: string): Promise<readonly ConsumerFinding[]> {
  return withProgram(target, ({ check }, workbench) => check(workbench, text, 'all'))
}

async function acceptsAll(target: string, texts: readonly string[]): Promise<boolean | undefined> {
  return withProgram(target, async (consumer, workbench) => consumer.acceptsAll?.(workbench, texts))
}

async function withProgram<Result>(
  target: string,
  work: (consumer: Consumer, workbench: Workbench) => Promise<Result>,
): Promise<Result> {
  const consumer = findConsumer(`applications/web/${target}`)
  const path = consumer?.find ? consumer.find() : findProgram(consumer?.program ?? '')
  if (!consumer || path === undefined) throw new Error(`${target} is not checked`)
  return withWorkbench(path, (workbench) => work(consumer, workbench))
}
