import { describe, expect, test } from 'vitest'
import { encodePem, findPemBlock, hasPemBlock, readPemBlocks } from '../../src/asn1/pem.ts'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { execFileSync } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'

const BYTES = Buffer.from(Array.from({ length: 100 }, (_, at) => at))
const BLOCK = encodePem('CERTIFICATE', BYTES)

function read(text: string) {
  return readPemBlocks({ name: 'f.pem', text }, ['CERTIFICATE', 'TRUSTED'], 'certificate')
}

function refusalOf(text: string): string {
  try {
    return `${read(text).length} blocks`
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return error.diagnostics.map(({ code, message }) => `${code} ${message}`).join()
  }
}

testWith('openssl', 'is written as OpenSSL writes it', () => {
  const der = execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-outform', 'PEM'])
  const [block] = readPemBlocks({ name: 'key', text: der }, ['PRIVATE KEY'], 'key')
  expect(encodePem('PRIVATE KEY', block?.bytes ?? Buffer.alloc(0))).toBe(der)
})

test('lines have 64 characters at most', () => {
  const lines = BLOCK.split('\n')
  expect(lines.map((line) => line.length)).toEqual([27, 64, 64, 8, 25, 0])
  expect(encodePem('X', Buffer.alloc(0))).toBe('-----BEGIN X-----\n-----END X-----\n')
})

test('blocks are read with their lines, whatever stands between and around them', () => {
  const text = `words\n${BLOCK}more\n-----BEGIN KEY-----\nAAAA\n-----END KEY-----\r\n${BLOCK}`
  const blocks = read(text)
  expect(blocks.map(({ line }) => line)).toEqual([2, 11])
  for (const { bytes } of blocks) expect(bytes).toEqual(BYTES)
  expect(hasPemBlock({ name: 'f', text }, 'KEY')).toBe(true)
  expect(hasPemBlock({ name: 'f', text }, 'CRL')).toBe(false)
  const key = findPemBlock({ name: 'f', text }, 'KEY')
  expect(key).toMatchObject({
    label: 'KEY',
    text: '-----BEGIN KEY-----\nAAAA\n-----END KEY-----\n',
  })
  expect(key?.decode()).toEqual(Buffer.alloc(3))
})

test('what begins no block is passed over', () => {
  const noise = [
    '-----BEGIN no dashes\nbehind it-----\n',
    `-----BEGIN ${'X'.repeat(65)}-----\n`,
    '----- BEGIN CERTIFICATE-----\n',
  ].join('')
  expect(read(`${noise}${BLOCK}`)).toHaveLength(1)
  const longest = 'X'.repeat(64)
  expect(refusalOf(`-----BEGIN ${longest}-----\n`)).toContain('TLS_PEM_UNENDED')
})

describe('in place of blocks', () => {
  test.each([
    ['', 'it is empty'],
    [' \n\t', 'it is empty'],
    ['0\x82\x01', 'it is DER, which is binary'],
    ['0\ufffd', 'it is DER, which is binary'],
    ['words', 'it has no PEM block'],
    ['-----BEGIN CERTIFICATE', 'it has no PEM block'],
    ['words 0\x82\x01', 'it has no PEM block'],
    ['-----BEGIN KEY-----\nAAAA\n-----END KEY-----\n', 'it has "KEY"'],
  ])('%j', (text, found) => {
    expect(refusalOf(text)).toBe(`TLS_PEM_MISSING f.pem: no certificate there: ${found}`)
  })
})

describe('a block is refused, with its line and no part of it', () => {
  const block = (body: string): string =>
    `\n-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`

  test.each([
    ['', 'the block that begins here is not base64'],
    ['AAA', 'the block that begins here is not base64'],
    ['AA=A', 'the block that begins here is not base64'],
    ['AAAA AAA!', 'the block that begins here is not base64'],
    ['=AAA', 'the block that begins here is not base64'],
    ['AAAAA===', 'the block that begins here is not base64'],
  ])('%j', (body, reason) => {
    expect(refusalOf(block(body))).toBe(`TLS_PEM_MALFORMED f.pem:2: ${reason}`)
  })

  test.each([
    ['an end of another label', `\n${BLOCK.replace('END CERT', 'END TRUST')}`],
    ['none', '\n-----BEGIN CERTIFICATE-----\nAAAA\n'],
    ['it stands before', '-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nAAAA'],
    ['another begin', `\n-----BEGIN CERTIFICATE-----\nAAAA\n${BLOCK}`],
  ])('its end: %s', (_, text) => {
    expect(refusalOf(text)).toBe('TLS_PEM_UNENDED f.pem:2: "-----END CERTIFICATE-----" is missing')
  })
})

test('more blocks than any file sensibly has are refused', () => {
  const small = encodePem('CERTIFICATE', Buffer.alloc(1))
  expect(refusalOf(small.repeat(4096))).toBe('4096 blocks')
  expect(refusalOf(small.repeat(4097))).toContain('TLS_PEM_TOO_MANY')
})
