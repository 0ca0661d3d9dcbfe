/** Every error of endpoint files, in one place. */
import {
  asSaidByFile,
  type Diagnostic,
  DiagnosticError,
  type DiagnosticKind,
  defineKinds,
} from '../../diagnostics/diagnostic.ts'
import { didYouMean, nearestOrKnown } from '../../diagnostics/suggestion.ts'

type Kind<Data> = DiagnosticKind<Data>

const unknownSection: Kind<{ key: string; known: readonly string[] }> = {
  code: 'ENDPOINT_FILE_UNKNOWN_SECTION',
  severity: 'error',
  fault: 'input',
  summary: 'An endpoint file has a section that is not known.',
  message: ({ key }) => `there is no section ${key}`,
  hint: ({ key, known }) => nearestOrKnown(key.replaceAll('`', ''), known),
}

const wrongShape: Kind<{ key: string; expected: 'a list' | 'a mapping' | 'a text' }> = {
  code: 'ENDPOINT_FILE_WRONG_SHAPE',
  severity: 'error',
  fault: 'input',
  summary: 'A section of an endpoint file is a list where it is to be a mapping, or the reverse.',
  message: ({ key, expected }) => `\`${key}\` is not ${expected}`,
  hint: ({ key, expected }) =>
    ({
      'a list': `begin each entry of \`${key}\` with a dash: - id: NAME`,
      'a mapping': `write its properties below \`${key}:\`, without dashes`,
      'a text': undefined,
    })[expected],
}

const nothing: Kind<{ file: string }> = {
  code: 'ENDPOINT_FILE_NOTHING',
  severity: 'error',
  fault: 'input',
  summary: 'An endpoint file has nothing that listens, so it would serve nothing.',
  message: ({ file }) => `${file} has nothing that listens`,
  hint: () => 'add a section such as nbd, chardevs, relays, receivers or monitors',
}

const repeated: Kind<{ what: string; holder?: string }> = {
  code: 'ENDPOINT_FILE_REPEATED',
  severity: 'error',
  fault: 'input',
  summary:
    'Two entries of an endpoint file have one id, listen at one place, store guests in one file, or offer exports of one name.',
  message: ({ what, holder }) => `${what} is there twice${holder ? `: ${holder} has it` : ''}`,
}

const unmet: Kind<{ entry: string; needed: string }> = {
  code: 'ENDPOINT_FILE_UNMET',
  severity: 'error',
  fault: 'input',
  summary: 'An entry of an endpoint file needs another one, which does not stand before it.',
  message: ({ entry, needed }) => `${entry} needs ${needed}, which is not there`,
  hint: ({ needed }) =>
    needed === 'nbd'
      ? 'add nbd: with listen: unix:PATH or tcp:HOST:PORT'
      : `write ${needed} before it`,
}

const unknownObject: Kind<{ property: string; id: string; known: readonly string[] }> = {
  code: 'ENDPOINT_FILE_UNKNOWN_OBJECT',
  severity: 'error',
  fault: 'input',
  summary: 'An entry of an endpoint file names an object that the file does not have.',
  message: ({ property, id }) => `${property} names \`${id}\`, which is not among the objects`,
  hint: ({ id, known }) => {
    const all = known.length === 0 ? 'the file has no objects' : `there are ${known.join(', ')}`
    return didYouMean(id, known) ?? all
  },
}

const typeChanged: Kind<{ id: string; before: string; after: string }> = {
  code: 'ENDPOINT_FILE_TYPE_CHANGED',
  severity: 'error',
  fault: 'input',
  summary: 'An object of an endpoint file that is in force got another type.',
  message: ({ id, before, after }) =>
    `object \`${id}\` is a ${before}, and cannot become a ${after}`,
  hint: () => 'give the new object another id, and name that where it is to be used',
}

const notRestored: Kind<{ entry: string }> = {
  code: 'ENDPOINT_FILE_NOT_RESTORED',
  severity: 'error',
  fault: 'unavailable',
  summary:
    'A new endpoint file was refused while its changes were made, and an entry of the old one could not be started again.',
  message: ({ entry }) => `${entry} could not be started again as it was`,
  hint: () => 'mend what stands before this line, and send SIGHUP once more',
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const FILE_DIAGNOSTIC_KINDS = defineKinds({
  unknownSection,
  wrongShape,
  nothing,
  repeated,
  unmet,
  unknownObject,
  typeChanged,
  notRestored,
})

/** @throws DiagnosticError */
export function refuseFile(diagnostics: readonly Diagnostic[]): never {
  throw new DiagnosticError(diagnostics.map(asSaidByFile))
}
