/** Reads what `audit --json` has printed, of this release or another. */
import { isRecord, type JsonRecord } from '../json-record.ts'
import type { ClearText } from '../upgrades/upgrade.ts'
import type { ComparedSsh, ComparedTls, ScannedFacts } from './scan-facts.ts'

/** @param document What JSON.parse gave: the envelope, or its result alone. */
export function parseScanDocument(document: unknown): ScannedFacts | undefined {
  const result = isRecord(document) && 'result' in document ? document.result : document
  if (!isRecord(result)) return undefined
  const { tls = null, ssh = null, clearText = null } = result
  const isWhole = (tls === null || isTlsScan(tls)) && (ssh === null || isSshScan(ssh))
  if (!isWhole || (tls === null && ssh === null) || !isClearText(clearText)) return undefined
  return {
    tls: tls as ComparedTls | null,
    ssh: ssh as ComparedSsh | null,
    clearText: clearText as ClearText | null,
  }
}

function isListOf(value: unknown, isItem: (item: JsonRecord) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isRecord(item) && isItem(item))
}

function isNamed({ name }: JsonRecord): boolean {
  return typeof name === 'string'
}

function isAnswer(value: unknown): boolean {
  return isRecord(value) && typeof value.answer === 'string'
}

function isEnumeration({ version, items, end, order }: JsonRecord): boolean {
  const isPlaced = typeof version === 'string' && typeof order === 'string'
  return isPlaced && isListOf(items, isNamed) && isAnswer(end)
}

function isClearText(value: unknown): boolean {
  return value === null || (isRecord(value) && typeof value.kind === 'string')
}

function isClientCertificate(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { asked, required, authorities, schemes } = value
  const areNames = authorities === undefined || isNames(authorities)
  const areSchemes = schemes === undefined || isListOf(schemes, isNamed)
  return isAnswer(asked) && isAnswer(required) && areNames && areSchemes
}

function isProtocols(value: unknown): boolean {
  return isRecord(value) && isNames(value.items) && isAnswer(value.end)
}

function isPrime({ bits, version, group }: JsonRecord): boolean {
  const isGroup = group === null || typeof group === 'string'
  return typeof bits === 'number' && typeof version === 'string' && isGroup
}

/** All that a comparison reads. */
function isTlsScan(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { versions, suites, groups, signatures, chains, diffieHellman } = value
  const { clientCertificate, protocols, features } = value
  return (
    isListOf(versions, (one) => isNamed(one) && isAnswer(one.result)) &&
    [suites, groups, signatures].every((list) => isListOf(list, isEnumeration)) &&
    isListOf(chains, ({ certificates }) => isListOf(certificates, isCertificate)) &&
    isListOf(diffieHellman, isPrime) &&
    isClientCertificate(clientCertificate) &&
    (protocols === undefined || isProtocols(protocols)) &&
    isRecord(features) &&
    Object.values(features).every(isAnswer)
  )
}

function isCertificate({ keyType, fingerprint }: JsonRecord): boolean {
  return typeof keyType === 'string' && typeof fingerprint === 'string'
}

function isSshScan(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { offer, hostKeys, smallestPrime, identification, extensions } = value
  const isPrime = typeof smallestPrime === 'number' || isAnswer(smallestPrime)
  const isOffer = isAnswer(offer) || (isRecord(offer) && isSshOffer(offer))
  const isWhole = isOffer && isPrime && (extensions === undefined || isSshExtensions(extensions))
  return isWhole && typeof identification === 'string' && isListOf(hostKeys, isHostKey)
}

function isSshExtensions(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { userSignatures = null } = value
  return isAnswer(value) || userSignatures === null || isNames(userSignatures)
}

function isSshOffer(offer: JsonRecord): boolean {
  const { keyExchanges, hostKeyAlgorithms, ciphers, macs, compression } = offer
  const directions = [ciphers, macs, compression].flatMap((value) =>
    isRecord(value) ? [value.toServer, value.toClient] : [undefined],
  )
  return [keyExchanges, hostKeyAlgorithms, ...directions].every(isNames)
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string')
}

function isHostKey({ type, key }: JsonRecord): boolean {
  const isShown = isRecord(key) && (isAnswer(key) || typeof key.fingerprint === 'string')
  return typeof type === 'string' && isShown
}
