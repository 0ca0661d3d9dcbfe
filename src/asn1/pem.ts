/** Blocks of PEM (RFC 7468): finds and writes them, and says what stands in place of those that are wanted. */
import { fail } from '../diagnostics/diagnostic.ts'
import { locate, type Source } from '../diagnostics/source.ts'
import { PEM_KINDS } from './pem-diagnostics.ts'

export type PemBlock = {
  readonly bytes: Buffer
  /** Of its first line; counts from 1. */
  readonly line: number
}

/** More than any bundle of authorities has; each one costs its reader time and memory. */
const MAX_BLOCKS = 4096

const BEGIN = '-----BEGIN '
const DASHES = '-----'

/**
 * The blocks with one of the labels.
 *
 * @throws DiagnosticError TLS_PEM_... where one is malformed, there are none, or too many.
 */
export function readPemBlocks(
  source: Source,
  labels: readonly string[],
  what: string,
): readonly PemBlock[] {
  const blocks: PemBlock[] = []
  const others: string[] = []
  for (const block of findBlocks(source)) {
    if (!labels.includes(block.label)) others.push(block.label)
    else blocks.push({ bytes: decodeBody(source, block), line: lineOf(source, block.start) })
    if (blocks.length > MAX_BLOCKS) {
      fail(PEM_KINDS.tooMany, { file: source.name, limit: MAX_BLOCKS })
    }
  }
  if (blocks.length > 0) return blocks
  return fail(PEM_KINDS.missing, { file: source.name, what, found: describe(source, others) })
}

/** A block as text, in lines of 64 characters as RFC 7468 asks for. */
export function encodePem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `${[`${BEGIN}${label}${DASHES}`, ...lines, `-----END ${label}${DASHES}`].join('\n')}\n`
}

/** Whether a text has a block whose label ends so. */
export function hasPemBlock(source: Source, ending: string): boolean {
  return findBlocks(source).some(({ label }) => label.endsWith(ending))
}

/** A block as it stands in the text, and what it holds. */
export type PemText = {
  readonly label: string
  /** From its first dash to its last, whatever stands on the line before it. */
  readonly text: string
  /** @throws DiagnosticError TLS_PEM_MALFORMED where it is no base64. */
  readonly decode: () => Buffer
}

/** The first block whose label ends so. */
export function findPemBlock(source: Source, ending: string): PemText | undefined {
  const block = findBlocks(source).find(({ label }) => label.endsWith(ending))
  if (!block) return undefined
  const text = `${source.text.slice(block.start, block.end)}\n`
  return { label: block.label, text, decode: () => decodeBody(source, block) }
}

type FoundBlock = {
  readonly label: string
  readonly body: string
  readonly start: number
  readonly end: number
}

function findBlocks(source: Source): readonly FoundBlock[] {
  const { text } = source
  const blocks: FoundBlock[] = []
  for (let at = text.indexOf(BEGIN); at >= 0; ) {
    const block = readBlock(source, at)
    if (block) blocks.push(block)
    at = text.indexOf(BEGIN, block ? block.end : at + BEGIN.length)
  }
  return blocks
}

function readBlock(source: Source, start: number): FoundBlock | undefined {
  const { text } = source
  const labelEnd = text.indexOf(DASHES, start + BEGIN.length)
  const label = text.slice(start + BEGIN.length, labelEnd)
  if (labelEnd < 0 || label.length > 64 || label.includes('\n')) return undefined
  const bodyStart = labelEnd + DASHES.length
  const end = `-----END ${label}-----`
  const bodyEnd = text.indexOf(DASHES, bodyStart)
  // Without the first test a text that begins with its end would be read for ever.
  if (bodyEnd < 0 || !text.startsWith(end, bodyEnd)) {
    fail(PEM_KINDS.unended, { file: source.name, line: lineOf(source, start), label })
  }
  return { label, body: text.slice(bodyStart, bodyEnd), start, end: bodyEnd + end.length }
}

/** Not a place to show: what stands there may be a key. */
function lineOf(source: Source, offset: number): number {
  return locate(source, offset).line
}

function decodeBody(source: Source, { body, start }: FoundBlock): Buffer {
  const text = body.replace(/\s+/g, '')
  if (text.length === 0 || text.length % 4 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    fail(PEM_KINDS.malformed, { file: source.name, line: lineOf(source, start) })
  }
  return Buffer.from(text, 'base64')
}

/** What is in the file instead, in words. */
function describe({ text }: Source, labels: readonly string[]): string {
  if (text.trim() === '') return 'it is empty'
  // A sequence with a long length: what a binary file of certificates begins with.
  if (/^0[\x80-\x84\ufffd]/.test(text)) return 'it is DER, which is binary'
  const [label] = labels
  return label === undefined ? 'it has no PEM block' : `it has ${JSON.stringify(label)}`
}
