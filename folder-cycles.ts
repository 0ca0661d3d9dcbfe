/** Folders that import each other, be it by way of others: one of them has to be the lower one. */
import { dirname } from 'node:path'
import type { IModule } from 'dependency-cruiser'

type Edges = Map<string, Map<string, string>>

/** One cycle of each group of folders, as a line that names the imports that make it. */
export function folderCycles(modules: readonly IModule[]): readonly string[] {
  const edges = edgesOf(modules)
  const inCycle = new Set<string>()
  const cycles: string[] = []
  for (const folder of edges.keys()) {
    const path = inCycle.has(folder) ? undefined : wayBack(edges, folder)
    if (!path) continue
    for (const step of path) inCycle.add(step)
    cycles.push(
      path.map((step, at) => describe(edges, step, path[(at + 1) % path.length])).join('; '),
    )
  }
  return cycles
}

/** Which folder imports which other, and by which of its files. */
function edgesOf(modules: readonly IModule[]): Edges {
  const edges: Edges = new Map()
  for (const { source, dependencies } of modules) {
    for (const { resolved } of dependencies) {
      const [from, to] = [dirname(source), dirname(resolved)]
      if (from === to || !from.startsWith('src') || !to.startsWith('src')) continue
      const row = edges.get(from) ?? new Map<string, string>()
      edges.set(from, row.set(to, `${source} -> ${resolved}`))
    }
  }
  return edges
}

/** The shortest way from a folder to itself. */
function wayBack(edges: Edges, start: string): readonly string[] | undefined {
  const seen = new Set<string>()
  for (let paths = [[start]]; paths.length > 0; ) {
    const longer: string[][] = []
    for (const path of paths) {
      for (const next of edges.get(path.at(-1) ?? start)?.keys() ?? []) {
        if (next === start) return path
        if (seen.has(next)) continue
        seen.add(next)
        longer.push([...path, next])
      }
    }
    paths = longer
  }
  return undefined
}

function describe(edges: Edges, from: string, to = ''): string {
  return edges.get(from)?.get(to) ?? ''
}
