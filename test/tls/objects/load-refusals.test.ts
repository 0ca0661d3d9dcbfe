/** Loads that fail where no check of ours has looked: all of them end in words. */
import { expect, test } from 'vitest'
import { type Diagnostic, DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { orDiagnose } from '../../../src/tls/objects/refusals.ts'
import { credentialFolder, endpoint, names } from './folder.ts'
import { objectsOf } from './meeting.ts'

function refusalsOf(work: () => unknown): readonly Diagnostic[] {
  try {
    work()
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics
    throw error
  }
  return []
}

/** Our own check of sizes lets the keys pass then. */
const WEAK = 'NORMAL:%PROFILE_VERY_WEAK'

// They only agree upon secrets.
test.each(['x25519', 'x448', 'ml-kem-768'] as const)(
  'a key of %s, which no library takes for TLS, is refused in the words of OpenSSL',
  (key) => {
    const own = endpoint({ subject: 'localhost', key, names: names(['dns', 'localhost']) })
    const dir = credentialFolder({ server: [own] })
    const load = () => objectsOf(`tls-creds-x509,id=s,endpoint=server,dir=${dir},priority=${WEAK}`)
    expect(refusalsOf(load)).toMatchObject([
      {
        code: 'OBJECT_CREDENTIALS_REFUSED',
        message: expect.stringContaining('unknown certificate type'),
      },
    ])
  },
)

test('a mistake of this program while it loads is told, and ends nothing', () => {
  const mistake = () => {
    // As a reload of a running endpoint would meet it.
    throw new RangeError('Maximum call stack size exceeded')
  }
  expect(refusalsOf(() => orDiagnose(mistake))).toMatchObject([
    {
      code: 'OBJECT_LOAD_FAILED',
      message: expect.stringContaining('Maximum call stack size exceeded'),
    },
  ])
  expect(() => orDiagnose(() => {})).not.toThrow()
  const odd = () => {
    throw 'a text'
  }
  expect(refusalsOf(() => orDiagnose(odd))).toMatchObject([
    { message: expect.stringContaining('a text') },
  ])
  const known = new DiagnosticError([])
  const refuse = () => {
    throw known
  }
  expect(() => orDiagnose(refuse)).toThrow(known)
})
