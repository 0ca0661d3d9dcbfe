/** Where the human monitor lets the NBD server listen: what QEMU 7.2 takes and refuses of `nbd_server_start`. */
import { expect, test } from 'vitest'
import { readListeningAddress } from '../../../src/monitor/hmp/listening-address.ts'

test.each(['1e3', '65536', '12x', '-1', '', ' 5'])('to=%s is no port', (port) => {
  expect(() => readListeningAddress(`localhost:1,to=${port}`)).toThrow('error parsing to= argument')
})

test('an address of IPv6 stands in brackets', () => {
  expect(readListeningAddress('[::1]:1')).toMatchObject({ data: { host: '::1', port: '1' } })
  expect(readListeningAddress('[]:1')).toMatchObject({ data: { host: '', port: '1' } })
})

test('to=PORT is read', () => {
  expect(readListeningAddress('localhost:1,to=65535')).toMatchObject({ data: { to: 65_535n } })
})
