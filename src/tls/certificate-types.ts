/** Which kinds of certificates a priority string allows. */
import type { CertificateType } from '../priority/priority-lists.ts'

/** A string that names no certificate type at all means X.509. */
export function allowsX509(types: readonly CertificateType[]): boolean {
  return types.length === 0 || types.some(({ name }) => name === 'X.509')
}
