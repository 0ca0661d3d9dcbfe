/** A process with a pseudo-terminal, which has no descriptor left until it is told anything; says what comes, and why it has no second one. */
import { closeSync } from 'node:fs'
import { openPty } from '../../src/chardev/end/pty.ts'
import { takeDescriptors } from '../files/take-descriptors.ts'

const { place, attach } = openPty()
const session = attach()
session.on('data', (bytes) => console.log(`read ${bytes}`))
session.on('error', (error) => console.log(`broke: ${error.message}`))
process.stdin.once('data', () => {
  for (const descriptor of taken) closeSync(descriptor)
})
// What the runtime opens when it is first used is open before.
console.log('begins')
const taken = takeDescriptors()
console.log(`full ${place}`)
try {
  openPty()
} catch (error) {
  console.log(`refused ${(error as Error).message}`)
}
