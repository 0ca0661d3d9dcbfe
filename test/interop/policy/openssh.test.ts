/** What OpenSSH uses beyond a policy is announced, and nothing else is, by its own word. */
import { expect } from 'vitest'
import { parsePolicy } from '../../../src/policy/policy.ts'
import { scratchFolder } from '../../cli/command.ts'
import { Random } from '../../fuzz/random.ts'
import { testWith } from '../../peers/peer.ts'
import { SEED } from '../../seed.ts'
import { shippedPolicy } from '../../shipped-policies.ts'
import { insidePath, output } from '../convert/hello-catcher.ts'
import { drawSshPolicy } from './draw-policies.ts'
import { judgeOpenssh, opensshNames } from './openssh-judge.ts'

const NOTHING = { unannounced: [], falseAlarms: [], missing: [] }

testWith('sshd', 'sshd and ssh use what a policy allows, and what is announced', async () => {
  const place = { folder: scratchFolder() }
  const key = insidePath(place, 'key')
  await output(place, ['mkdir', '-p', '/run/sshd'])
  await output(place, ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key])
  const known = await opensshNames(place)
  const random = new Random(SEED)
  const drawn = Array.from({ length: 6 }, () => drawSshPolicy(random))
  const policies = [
    shippedPolicy('DEFAULT').policy,
    shippedPolicy('FUTURE').policy,
    ...drawn.map((text) => parsePolicy('P', [{ name: 'P.pol', text }]).policy),
    parsePolicy('P', [{ name: 'P.pol', text: 'sign = RSA-SHA2-512\nssh_certs = 0\n' }]).policy,
  ]
  for (const policy of policies) {
    expect(await judgeOpenssh(policy, place, known)).toEqual(NOTHING)
  }
})
