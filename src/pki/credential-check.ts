/** Whether endpoints could use what is in a folder, with which peers, and until when. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { addOnce, collectDiagnostics } from '../diagnostics/collect-diagnostics.ts'
import { type Diagnostic, diagnose, fail, hasErrors } from '../diagnostics/diagnostic.ts'
import { readBytes, readSecretTextFile } from '../files/text-file.ts'
import { checkSharedKeys } from '../tls/credentials/shared-keys.ts'
import { type Certificate, parseCertificates } from '../x509/certificate.ts'
import { readX509Files, type X509Identity } from '../x509/credential-files.ts'
import { daysUntil } from '../x509/days-until.ts'
import { isHost, matchesHostName } from '../x509/host-name.ts'
import { readPublicKey } from '../x509/key-check.ts'
import { checkOwnCertificates } from '../x509/sanity-check.ts'
import { dateOf, NEW_AUTHORITY } from './authority.ts'
import type { EndpointRole } from './certificate-extensions.ts'
import { NEW_KEY } from './certificate-issuance.ts'
import { findExposure } from './file-exposure.ts'
import { hostOfCommonName } from './host-names.ts'
import { requireStrongKey, type Strength } from './key-strength.ts'
import { findLayouts, type Layout, listPairs, type PresentPair } from './layout.ts'
import { ROLES } from './layout-names.ts'
import { type LibvirtFiles, readLibvirtFiles } from './libvirt-files.ts'
import { findUnfitAuthorities } from './older-qemu.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'
import { PSK_FILE } from './psk-file.ts'

export type CheckRequest = {
  readonly root: string
  readonly strength: Strength
  /** In days: a certificate that ends sooner is a finding. */
  readonly days?: number
  /** A name or an address that clients connect to. */
  readonly hostname?: string
  /** Of keys that are encrypted. */
  readonly passphrase?: string
  readonly now?: Date
}

/** A certificate that was looked at. */
export type CheckedCertificate = {
  readonly certificate: Certificate
  readonly role: EndpointRole | 'authority'
  /** Whole days until it ends; negative where it has. */
  readonly daysLeft: number
}

export type CheckReport = {
  readonly certificates: readonly CheckedCertificate[]
  /** An error is a reason not to use what is there. */
  readonly diagnostics: readonly Diagnostic[]
}

const DEFAULT_CHECK_DAYS = 30

/** How many days before a newer list is due that is told. */
const LIST_DAYS = 7

/**
 * Checks every layout that there is below a folder, as QEMU would when it loads it.
 *
 * @throws DiagnosticError PKI_NOTHING_TO_CHECK.
 */
export function checkCredentials(request: CheckRequest): CheckReport {
  const layouts = findLayouts(request.root)
  const hasPsk = existsSync(join(request.root, PSK_FILE))
  if (layouts.length === 0 && !hasPsk) fail(PKI_KINDS.nothingToCheck, { root: request.root })
  const check = new Check(request)
  for (const layout of layouts) check.checkLayout(layout)
  check.checkHost()
  if (hasPsk) check.checkSharedKeys(join(request.root, PSK_FILE))
  return check.findings()
}

class Check {
  readonly #request: CheckRequest
  readonly #now: Date
  readonly #certificates: CheckedCertificate[] = []
  readonly #servers: Certificate[] = []
  readonly #diagnostics: Diagnostic[] = []

  constructor(request: CheckRequest) {
    this.#request = request
    this.#now = request.now ?? new Date()
  }

  findings(): CheckReport {
    return { certificates: this.#certificates, diagnostics: this.#diagnostics }
  }

  checkLayout(layout: Layout): void {
    const pairs = listPairs(layout)
    for (const role of ROLES) {
      if (pairs.some((pair) => pair.role === role)) this.#checkRole(layout, role, pairs)
    }
    if (pairs.length === 0) this.#collect(() => this.#checkAuthority(layout))
    this.#checkFiles(layout, pairs)
  }

  /** Keys that are too short, lines that are not used, and users who could read or change them. */
  checkSharedKeys(path: string): void {
    this.#collect(() => checkSharedKeys(path, readBytes(path)).forEach(this.#add))
    findExposure({ secrets: [path], others: [] }).forEach(this.#add)
  }

  /** Which of the names that clients connect to no server shows. */
  checkHost(): void {
    const { hostname } = this.#request
    if (hostname === undefined) return
    if (!isHost(hostname)) fail(PKI_KINDS.hostnameInvalid, { hostname })
    if (this.#servers.some((certificate) => matchesHostName(certificate, hostname))) return
    const option = hostOfCommonName(hostname)?.kind ?? 'dns'
    const names = this.#servers.flatMap(({ alternativeNames }) =>
      alternativeNames.map(({ value }) => value),
    )
    this.#add(diagnose(PKI_KINDS.hostNotCovered, { hostname, option, names: [...new Set(names)] }))
  }

  /** Who else could read or change the files, and keys that are where they need not be. */
  #checkFiles(layout: Layout, pairs: readonly PresentPair[]): void {
    const { authority, formerKey, revocationList } = layout
    const secrets = [authority.key, formerKey, ...pairs.map(({ paths }) => paths.key)]
    const others = [
      ...[authority.certificate, revocationList],
      ...pairs.map(({ paths }) => paths.certificate),
    ]
    const isThere = (path: string) => existsSync(path)
    findExposure({ secrets: secrets.filter(isThere), others: others.filter(isThere) }).forEach(
      this.#add,
    )
    const beside = pairs[0]?.paths.certificate
    for (const path of [authority.key, formerKey].filter(isThere)) {
      if (beside !== undefined) this.#add(diagnose(PKI_KINDS.authorityBeside, { path, beside }))
    }
  }

  #checkRole(layout: Layout, role: EndpointRole, pairs: readonly PresentPair[]): void {
    this.#collect(() => {
      const files = this.#read(layout, role)
      for (const identity of files.identities) this.#checkIdentity(role, identity, files)
      this.#noteEnds(files.authorities, 'authority')
      this.#noteLists(files.revocationLists)
      // What is wrong for every release is told already.
      if (!hasErrors(this.#diagnostics)) {
        findUnfitAuthorities(files.authorities, this.#now).forEach(this.#add)
      }
      const unread = pairs.filter(
        ({ role: other, paths }) =>
          other === role &&
          !files.identities.some(({ certFile }) => certFile === paths.certificate),
      )
      for (const { paths } of unread) {
        this.#add(diagnose(PKI_KINDS.identityUnread, { path: paths.certificate }))
      }
    })
  }

  #read(layout: Layout, role: EndpointRole): LibvirtFiles {
    const { passphrase } = this.#request
    if (layout.name === 'libvirt') return readLibvirtFiles(layout, role, passphrase)
    return readX509Files(layout.root, role, passphrase === undefined ? {} : { passphrase })
  }

  #checkIdentity(role: EndpointRole, { chain, key }: X509Identity, files: LibvirtFiles): void {
    const { evaluation } = this.#request.strength
    const { authorities, revocationLists } = files
    const input = { role, chain, authorities, revocationLists, evaluation, now: this.#now }
    for (const diagnostic of checkOwnCertificates(input)) this.#add(diagnostic)
    this.#collect(() => requireStrongKey(key, 'endpoint', this.#request.strength, NEW_KEY))
    if (role === 'server') this.#servers.push(...chain.slice(0, 1))
    this.#noteEnds(chain, role)
  }

  /** A folder that holds nothing but an authority. */
  #checkAuthority(layout: Layout): void {
    const authorities = parseCertificates(readSecretTextFile(layout.authority.certificate))
    this.#noteEnds(authorities, 'authority')
    for (const authority of authorities) {
      this.#collect(() => {
        const key = readPublicKey(authority)
        requireStrongKey(key, 'authority', this.#request.strength, NEW_AUTHORITY)
      })
    }
  }

  /** Each certificate is told once, whichever role asks for it. */
  #noteEnds(certificates: readonly Certificate[], role: CheckedCertificate['role']): void {
    const { days = DEFAULT_CHECK_DAYS } = this.#request
    for (const certificate of certificates) {
      const { place, subject, notAfter } = certificate
      const isKnown = this.#certificates.some(
        (known) => known.certificate.x509.fingerprint256 === certificate.x509.fingerprint256,
      )
      if (isKnown) continue
      const daysLeft = daysUntil(notAfter, this.#now)
      this.#certificates.push({ certificate, role, daysLeft })
      const data = { path: place.file, subject, date: dateOf(notAfter), daysLeft }
      if (daysLeft >= 0 && daysLeft < days) this.#add(diagnose(PKI_KINDS.expiresSoon, data))
    }
  }

  /** Lists that have to be replaced soon. */
  #noteLists(lists: LibvirtFiles['revocationLists']): void {
    const { days = DEFAULT_CHECK_DAYS } = this.#request
    for (const { place, issuer, nextUpdate } of lists) {
      if (!nextUpdate) continue
      const daysLeft = daysUntil(nextUpdate, this.#now)
      const data = { path: place.file, issuer, date: dateOf(nextUpdate), daysLeft }
      // A list that lives a month would cause a warning of 30 days all the time.
      const isDue = daysLeft >= 0 && daysLeft < Math.min(days, LIST_DAYS)
      if (isDue) this.#add(diagnose(PKI_KINDS.listDue, data))
    }
  }

  /** A refusal ends the check of what it is about, and of nothing else. */
  #collect(work: () => void): void {
    collectDiagnostics(this.#add, work)
  }

  /** A file that server and client share is checked twice; what is wrong with it is told once. */
  #add = (diagnostic: Diagnostic): void => addOnce(this.#diagnostics, diagnostic)
}
