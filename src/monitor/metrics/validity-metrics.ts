/** How long certificates and revocation lists are valid yet: what expires unseen ends every connection. */
import type { ObjectValidity } from '../../tls/objects/validity.ts'
import type { MetricFamily, Sample } from './metric-family.ts'

/** @param now In milliseconds, as of Date.now(). */
export function validityFamilies(
  all: readonly ObjectValidity[],
  now: number,
): readonly MetricFamily[] {
  const certificates = all.filter(({ use }) => use !== 'revocation-list')
  const lists = all.filter(({ use }) => use === 'revocation-list')
  const shared = { type: 'gauge', unit: 'seconds' } as const
  return [
    {
      ...shared,
      name: 'cryptopolicy_certificate_remaining_seconds',
      help: 'How long a certificate of an object is valid yet; negative where it has expired.',
      samples: unique(certificates, now, ({ object, use, name, serial = '' }) => {
        return { object, use, subject: name, serial }
      }),
    },
    {
      ...shared,
      name: 'cryptopolicy_revocation_list_remaining_seconds',
      help: 'How long until the next list of an issuer is due; negative where it is overdue.',
      samples: unique(lists, now, ({ object, name, serial = '' }) => {
        return { object, issuer: name, serial }
      }),
    },
  ]
}

/** A file may have a certificate twice, and two may share a number: the first that ends counts. */
function unique(
  all: readonly ObjectValidity[],
  now: number,
  labelsOf: (one: ObjectValidity) => Readonly<Record<string, string>>,
): readonly Sample[] {
  const samples = new Map<string, Sample>()
  for (const one of all.toSorted((a, b) => b.until.getTime() - a.until.getTime())) {
    const labels = labelsOf(one)
    const value = (one.until.getTime() - now) / 1000
    samples.set(JSON.stringify(labels), { labels, value })
  }
  return [...samples.values()]
}
