/** The listing of one string. */
import { type EvaluateOptions, evaluatePriority } from '../../src/priority/evaluate.ts'
import { type Listing, printListing } from '../../src/priority/gnutls-cli-listing.ts'

export function listPriority(priority: string, options: EvaluateOptions = {}): Listing {
  return printListing(priority, evaluatePriority({ name: '<priority>', text: priority }, options))
}
