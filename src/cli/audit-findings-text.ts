/** Findings as lines for people: worst first, with the lines that say so; then what to do, each remedy once. */
import type { Finding, FindingSeverity } from '../audit/compare/finding.ts'
import { wrap } from './audit-lines.ts'
import type { LineColor, Terminal } from './terminal.ts'

/** A line of the report, and its colour. */
type FindingLine = { readonly text: string; readonly color?: LineColor }

const COLORS: Readonly<Record<FindingSeverity, LineColor>> = {
  critical: 'red',
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'dim',
  unknown: 'magenta',
}

/** @param titles What the server was held against. */
export function printFindings(
  findings: readonly Finding[],
  titles: readonly string[],
  terminal: Terminal,
): void {
  for (const { text, color } of findingLines(findings, titles)) {
    if (color) terminal.printColored(text, color)
    else terminal.print(text)
  }
}

/** @internal Exported for tests. */
export function findingLines(
  findings: readonly Finding[],
  titles: readonly string[],
): readonly FindingLine[] {
  const heading = titles.flatMap((title) => wrap(`Against ${title}`))
  const none = findings.length === 0 ? ['  no findings'] : []
  const worse = findings.filter(({ severity }) => severity !== 'info')
  const info = findings.filter(({ severity }) => severity === 'info')
  return [
    ...[...heading, ...none].map((text) => ({ text })),
    ...[...Map.groupBy(worse, likeness).values()].flatMap(printAlike),
    ...printAbsent(info),
    ...printRemedies(worse).map((text) => ({ text })),
  ]
}

/** Where what belongs to a finding begins: behind the longest severity. */
const INDENT = 11

/** What is allowed and absent asks for nothing: one line for all of a kind. JSON has the lines behind each. */
function printAbsent(findings: readonly Finding[]): readonly FindingLine[] {
  const groups = Map.groupBy(
    findings,
    ({ code, item: { kind, version } }) => `${kind}${version ? ` in ${version}` : ''} (${code})`,
  )
  return [...groups].flatMap(([title, members]) => {
    const names = members.map(({ item }) => item.name).join(', ')
    const verb = members[0]?.verdict === 'changed' ? 'no longer accepted' : 'allowed, absent'
    const lines = wrap(`  info     ${verb}: ${title} ${names}`, INDENT)
    return lines.map((text) => ({ text, color: 'dim' as const }))
  })
}

/** Findings that differ in a name alone are told once. */
function likeness({ severity, code, message, item, reasons, evidence }: Finding): string {
  return JSON.stringify([severity, code, message.replace(item.name, ''), reasons, evidence])
}

function printAlike(findings: readonly Finding[]): readonly FindingLine[] {
  const [first, ...others] = findings
  if (!first) return []
  const { severity, message, code, reasons, evidence } = first
  const color = COLORS[severity]
  const head = wrap(`  ${severity.padEnd(8)} ${message} (${code})`, INDENT)
  const also = others.length > 0 ? [`also: ${others.map(({ item }) => item.name).join(', ')}`] : []
  const lines = reasons.map(({ text, place }) => (place === null ? text : `${place}: ${text}`))
  const shown = evidence.length > 0 ? [`shown by ${evidence.join(', ')}`] : []
  const printDetail = (line: string) => wrap(`${' '.repeat(INDENT)}${line}`, INDENT + 2)
  return [
    ...[...head, ...also.flatMap(printDetail)].map((text) => ({ text, color })),
    ...[...lines, ...shown].flatMap(printDetail).map((text) => ({ text })),
  ]
}

function printRemedies(findings: readonly Finding[]): readonly string[] {
  const groups = Map.groupBy(findings, ({ remedy }) => remedy)
  const lines = [...groups].flatMap(([remedy, members]) => {
    const codes = new Set(members.map(({ code }) => code))
    return [...wrap(`  ${[...codes].join(', ')}`, 2), ...wrap(`    ${remedy}`, 4)]
  })
  return lines.length > 0 ? ['', 'What to do', ...lines] : []
}
