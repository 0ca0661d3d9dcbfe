/** The pages of the documentation. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../cli/command.ts'

const DOCS = join(ROOT, 'docs')

/** Every page, by its path below the checkout. */
export const PAGES: readonly string[] = [
  'README.md',
  ...readdirSync(DOCS)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

export function readPage(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** The text below a heading of the second level, up to the next. */
export function readSection(page: string, heading: string): string {
  const [, rest = ''] = page.split(`\n## ${heading}\n`)
  return rest.split(/^## /m)[0] ?? ''
}

/** The headings of the second level, in order. */
export function listHeadings(page: string): readonly string[] {
  return [...page.matchAll(/^## (.*)$/gm)].map((match) => match[1] ?? '')
}
