/**
 * The order of the test files: the longest begin first, so that none of them is left running alone at the end.
 *
 * Vitest knows how long a file takes only after it ran on this machine once. Until then it goes by the size of files.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { LONG_FILES } from './long-files.ts'

export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((one, other) => placeOf(one) - placeOf(other))
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONG_FILES.findIndex((end) => moduleId.endsWith(`/${end}`))
  return place === -1 ? LONG_FILES.length : place
}
