/** Certificates that were made, as text and as data. */
import type { X509Certificate } from 'node:crypto'
import { dirname } from 'node:path'
import { diagnose } from '../diagnostics/diagnostic.ts'
import type { JsonResult } from '../diagnostics/diagnostic-json.ts'
import type { Issued } from '../pki/authority.ts'
import { isWritableByOthers } from '../pki/credential-writing.ts'
import { formatKeyKind, keyKindOf } from '../pki/key-kind.ts'
import { PKI_KINDS } from '../pki/pki-diagnostics.ts'
import { certificateOf } from '../x509/certificate.ts'
import type { Terminal } from './terminal.ts'

/** Says what was written, and what to know about it. Of a key only its kind is told. */
export function reportIssued(issued: readonly Issued[], terminal: Terminal): void {
  if (terminal.options.json) terminal.setResult({ issued: issued.map(issuedToJson) })
  else for (const line of issued.flatMap(printIssued)) terminal.print(line)
  for (const { notes } of issued) notes.forEach(terminal.report)
  const folders = new Set(issued.map((one) => dirname(one.keyFile ?? one.certificateFile)))
  for (const path of [...folders].filter(isWritableByOthers)) {
    terminal.report(diagnose(PKI_KINDS.folderWritable, { path }))
  }
}

/** A run that fails has no result: notes say what it has replaced before. */
export function reportBeforeFailure(issued: readonly Issued[], terminal: Terminal): void {
  if (!terminal.options.json) reportIssued(issued, terminal)
  for (const one of terminal.options.json ? issued : []) {
    const { certificateFile, keyFile } = one
    const note = diagnose(PKI_KINDS.written, { certificateFile, keyFile })
    terminal.report({ ...note, data: issuedToJson(one) })
  }
}

function printIssued({ certificate, certificateFile, keyFile, isKeyKept }: Issued) {
  const { subject, names, key, notAfter } = factsOf(certificate)
  return [
    ...(keyFile === undefined ? [] : [`${isKeyKept ? 'kept' : 'wrote'} ${keyFile}: ${key}`]),
    `wrote ${certificateFile}: ${subject}`,
    ...(names.length > 0 ? [`  for ${names.join(', ')}`] : []),
    `  valid until ${notAfter.slice(0, 10)}`,
  ]
}

function issuedToJson({ certificate, certificateFile, keyFile, isKeyKept }: Issued): JsonResult {
  const key = keyFile === undefined ? {} : { keyFile }
  return { certificateFile, ...key, isKeyKept, ...factsOf(certificate) }
}

function factsOf(x509: X509Certificate) {
  const { subject, issuer, alternativeNames } = certificateOf(x509, { file: '', index: 0 })
  const kind = keyKindOf(x509.publicKey)
  return {
    subject,
    issuer,
    names: alternativeNames.map(({ value }) => value),
    key: kind ? formatKeyKind(kind) : (x509.publicKey.asymmetricKeyType ?? 'unknown'),
    serial: x509.serialNumber,
    notBefore: x509.validFromDate.toISOString(),
    notAfter: x509.validToDate.toISOString(),
  }
}
