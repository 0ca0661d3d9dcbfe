/** Findings as lines for people: worst first, under 100 columns, with the lines that say so and a remedy. */
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
  for (const { text, color } of linesOf(findings, titles)) {
    if (color) terminal.printColored(text, color)
    else terminal.print(text)
  }
}

function linesOf(findings: readonly Finding[], titles: readonly string[]): readonly FindingLine[] {
  const heading = ['', ...titles.flatMap((title) => wrap(`Against ${title}`))]
  const none = findings.length === 0 ? ['  no findings'] : []
  const worse = findings.filter(({ severity }) => severity !== 'info')
  const info = findings.filter(({ severity }) => severity === 'info')
  return [
    ...[...heading, ...none].map((text) => ({ text })),
    ...worse.flatMap(printFinding),
    ...printAbsent(info),
  ]
}

/** What is allowed and absent asks for nothing: one line for all of a kind. JSON has the lines behind each. */
function printAbsent(findings: readonly Finding[]): readonly FindingLine[] {
  const groups = Map.groupBy(
    findings,
    ({ code, item: { kind, version } }) => `${kind}${version ? ` in ${version}` : ''} (${code})`,
  )
  return [...groups].flatMap(([title, members]) => {
    const names = members.map(({ item }) => item.name).join(', ')
    const verb = members[0]?.verdict === 'changed' ? 'no longer accepted' : 'allowed, absent'
    return wrap(`  info     ${verb}: ${title} ${names}`).map((text) => ({
      text,
      color: 'dim' as const,
    }))
  })
}

function printFinding({
  severity,
  message,
  code,
  reasons,
  remedy,
  evidence,
}: Finding): readonly FindingLine[] {
  const color = COLORS[severity]
  const head = wrap(`  ${severity.padEnd(8)} ${message} (${code})`)
  const lines = reasons.map(({ text, place }) => (place === null ? text : `${place}: ${text}`))
  const shown = evidence.length > 0 ? [`shown by ${evidence.join(', ')}`] : []
  const rest = [...lines, ...shown, `remedy: ${remedy}`]
  return [
    ...head.map((text) => ({ text, color })),
    ...rest.flatMap((line) => wrap(`           ${line}`)).map((text) => ({ text })),
  ]
}
