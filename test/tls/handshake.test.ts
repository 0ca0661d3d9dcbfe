import { duplexPair } from 'node:stream'
import { createSecureContext } from 'node:tls'
import { expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { runClientHandshake } from '../../src/tls/handshake.ts'

test('a handshake that cannot even begin ends in words, and the connection with it', async () => {
  const [connection] = duplexPair()
  const options = { context: createSecureContext({ ca: [] }), minDHSize: -1 }
  await expect(runClientHandshake(connection, options)).rejects.toThrow(DiagnosticError)
  expect(connection.destroyed).toBe(true)
})
