/** What Java permits with the file that the back-end writes: LINT_JAVA_FUSED_NAME says the same. */
import { join } from 'node:path'
import { expect } from 'vitest'
import { runFile } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { JAVA_FLAGS } from './convert/hello-catcher.ts'

const NAMES = ['MD5withDSA', 'RIPEMD160withECDSA', 'MD5withECDSA', 'RIPEMD160withRSA']

/** The names that a property of the file of DEFAULT permits. */
function permitted(property: string): readonly string[] {
  const file = join(import.meta.dirname, '..', 'golden', 'DEFAULT-java.txt')
  const { stdout } = runFile('java', [
    ...JAVA_FLAGS,
    '--add-exports=java.base/sun.security.util=ALL-UNNAMED',
    `-Djava.security.properties=${file}`,
    join(import.meta.dirname, 'DisabledAlgorithms.java'),
    property,
    ...NAMES,
  ])
  return stdout.split('\n').filter((line) => line !== '')
}

testWith(
  'java',
  'two names run together disable nothing in Java',
  () => {
    expect(permitted('jdk.certpath.disabledAlgorithms')).toEqual(['RIPEMD160withRSA'])
    expect(permitted('jdk.tls.disabledAlgorithms')).toEqual(['MD5withECDSA', 'RIPEMD160withRSA'])
  },
  120_000,
)
