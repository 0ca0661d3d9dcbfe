/** The kernel is the judge of which places two sockets cannot have at once. */
import { mkdirSync, symlinkSync } from 'node:fs'
import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { boundPlaceOf, isSamePlace } from '../../src/net/bound-place.ts'
import { scratchFolder } from '../cli/command.ts'

/** The server, or the code of what keeps it from listening. */
function listen(options: ListenOptions): Promise<Server | string> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(`${error.code}`))
    server.listen({ ...options, exclusive: true }, () => resolve(server))
  })
}

/** Whether a socket at one place keeps another from listening: at any port, since others may be taken. */
async function isKept(one: ListenOptions, other: ListenOptions): Promise<boolean> {
  for (let attempt = 0; attempt < 6; attempt++) {
    const first = await listen({ ...one, port: 0 })
    if (typeof first === 'string') throw new Error(first)
    const { port } = first.address() as AddressInfo
    const second = await listen({ ...other, port })
    first.close()
    if (typeof second !== 'string') {
      second.close()
      return false
    }
    expect(second).toBe('EADDRINUSE')
  }
  return true
}

const PLACES: readonly ListenOptions[] = [
  {},
  { ipv6Only: true },
  { host: '0.0.0.0' },
  { host: '::' },
  { host: '0:0::0', ipv6Only: true },
  { host: '127.0.0.1' },
  { host: '127.0.0.2' },
  { host: '::1' },
  { host: '0:0:0:0:0:0:0:1' },
  { host: '::ffff:127.0.0.1' },
  { host: '::FFFF:7f00:2' },
]

describe.each(PLACES)('a server at %o', (one) => {
  test('keeps another from the places that are told, and from no other', async () => {
    for (const other of PLACES) {
      const [here, there] = await Promise.all(
        [one, other].map((place) => boundPlaceOf({ ...place, port: 1 })),
      )
      const told = here !== undefined && there !== undefined && isSamePlace(here, there)
      expect(`${told} of ${JSON.stringify(other)}`).toBe(
        `${await isKept(one, other)} of ${JSON.stringify(other)}`,
      )
    }
  })
})

test('places of other kinds are the same where they are equal', async () => {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'real'))
  symlinkSync('real', join(folder, 'link'))
  const place = (options: ListenOptions & { readonly fd?: number }) => boundPlaceOf(options)
  expect(await place({ path: join(folder, 'link', 'socket') })).toBe(join(folder, 'real', 'socket'))
  expect(await place({ path: '\0guest' })).toBe('\0guest')
  expect(await place({ fd: 0 })).toBe(0)
  // The system gives each another port.
  expect(await place({ host: '::1', port: 0 })).toBeUndefined()
  expect(await place({ host: '::1' })).toBeUndefined()
  expect(await place({ host: 'nosuch.invalid', port: 7 })).toBeUndefined()
  expect(await place({ host: 'fe80:0::1%eth0', port: 7 })).toEqual({
    port: 7,
    ipv6: 'fe80::1%eth0',
  })
  expect(isSamePlace('/run/a', '/run/a')).toBe(true)
  expect(isSamePlace('/run/a', '/run/b')).toBe(false)
  expect(isSamePlace(3, 3)).toBe(true)
  expect(isSamePlace(3, { port: 3, ipv4: '0.0.0.0' })).toBe(false)
  const port = (number: number) => ({ port: number, ipv4: '0.0.0.0', ipv6: '::' })
  expect(isSamePlace(port(7), port(7))).toBe(true)
  expect(isSamePlace(port(7), port(8))).toBe(false)
})
