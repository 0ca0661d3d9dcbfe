/** What goes over a network in clear is told; what stays on the host, or is secured, is not. */
import { expect, test } from 'vitest'
import { parseChardev } from '../../../src/chardev/definition/parse-chardev.ts'
import { clearWarnings } from '../../../src/chardev/socket/clear-warnings.ts'

const OPEN = 'ENDPOINT_CLEAR_TEXT'
const FAR = 'CHARDEV_CLEAR_TARGET'

test.each([
  ['socket,id=s,host=,port=1,server=on', '[::]:1', [OPEN]],
  ['socket,id=s,host=0.0.0.0,port=1,server=on', '0.0.0.0:1', [OPEN]],
  ['socket,id=s,host=localhost,port=1,server=on', '127.0.0.1:1', []],
  ['socket,id=s,path=/s,server=on', '/s', []],
  ['socket,id=s,host=,port=1,server=on,tls-creds=t', '[::]:1', []],
  ['socket,id=s,host=h.example,port=1', '', [FAR]],
  ['socket,id=s,host=2001:db8::1,port=1', '', [FAR]],
  ['socket,id=s,host=h.example,port=1,tls-creds=t', '', []],
  ['socket,id=s,host=localhost,port=1', '', []],
  // QEMU connects to this host there.
  ['socket,id=s,host=,port=1', '', []],
  ['socket,id=s,path=/s', '', []],
  ['socket,id=s,fd=3', '', []],
  ['null,id=n', '0.0.0.0:1', []],
] as const)('%s at %s: %j', (text, place, codes) => {
  expect(clearWarnings(parseChardev(text), place).map(({ code }) => code)).toEqual(codes)
})

test('a target in clear is named', () => {
  const [told] = clearWarnings(parseChardev('socket,id=s,host=2001:db8::1,port=9'), '')
  expect(told?.message).toContain('[2001:db8::1]:9')
})
