/**
 * Builds a program that loads each of its parts when it is needed, from few files of CommonJS.
 *
 * What esbuild splits for a program with many commands are hundreds of files, a run loads fifty to a hundred of
 * them, and each takes as long as twenty thousand bytes in a file. So they are packed: a file for each part of
 * the program, and in it a function for each file of esbuild. One that is not called costs little: V8 only looks
 * for its end.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type BuildOptions, build, type Metafile, type OutputFile, transform } from 'esbuild'

/** The packs, each with the paths that its sources begin with; the first that fits is taken. */
export type Packs = Readonly<Record<string, readonly string[]>>

/** A file of esbuild as the body of a function of CommonJS, and the pack that it is in. */
type Part = { readonly name: string; readonly pack: string; readonly code: string }

type Output = Metafile['outputs'][string]

/** The pack of what every run loads. */
export const MAIN = 'main'

/** @param options For files of CommonJS. */
export async function buildPacks(
  program: string,
  packs: Packs,
  options: BuildOptions,
): Promise<void> {
  const name = basename(program, '.ts')
  const { outputFiles = [], metafile } = await build({
    ...options,
    ...{ entryPoints: [program], write: false, metafile: true, chunkNames: 'part-[hash]' },
    ...{ format: 'esm', splitting: true, legalComments: 'external' },
    // Imports of what is not loaded yet are for esbuild to split by.
    ...{ outExtension: {}, supported: {} },
  })
  const { outputs } = metafile as Metafile
  const atOnce = findAtOnce(outputs, program)
  const packOf = (output: string) =>
    atOnce.has(output) ? MAIN : choosePack(outputs[output], packs)
  const parts = await Promise.all(
    Object.keys(outputs).flatMap((output) => {
      const file = outputFiles.find(({ path }) => path.endsWith(`/${output}`))
      return file && output.endsWith('.js') ? [makePart(file, packOf(output), options)] : []
    }),
  )
  const folder = join(options.absWorkingDir ?? process.cwd(), options.outdir ?? '')
  mkdirSync(folder, { recursive: true })
  for (const pack of new Set(parts.map((part) => part.pack))) {
    const text =
      pack === MAIN ? printMain(name, parts) : `module.exports=${printParts(pack, parts)}`
    writeFileSync(join(folder, packFile(name, pack)), text)
  }
  writeFileSync(join(folder, legalFile(name)), collectLegal(outputFiles))
}

function packFile(program: string, pack: string): string {
  return pack === MAIN ? `${program}.cjs` : `${program}.${pack}.cjs`
}

function legalFile(program: string): string {
  return `${program}.cjs.LEGAL.txt`
}

/** Each package has its licence once, whatever is split off it. */
function collectLegal(files: readonly OutputFile[]): string {
  const legal = files.filter(({ path }) => path.endsWith('.LEGAL.txt'))
  return [...new Set(legal.map(({ text }) => text))].join('\n')
}

/** What a program loads before it knows what it is to do. */
function findAtOnce(outputs: Metafile['outputs'], program: string): ReadonlySet<string> {
  const found = new Set(
    Object.keys(outputs).filter((output) => outputs[output]?.entryPoint === program),
  )
  for (const output of found) {
    for (const { path, kind, external } of outputs[output]?.imports ?? []) {
      if (kind === 'import-statement' && !external) found.add(path)
    }
  }
  return found
}

/** The pack of the source that most of a file comes from. */
function choosePack(output: Output | undefined, packs: Packs): string {
  const inputs = Object.entries(output?.inputs ?? {})
  const bySize = inputs.toSorted(([, one], [, other]) => other.bytesInOutput - one.bytesInOutput)
  // One that only passes on what is elsewhere has none.
  const source = bySize[0]?.[0] ?? output?.entryPoint ?? ''
  const found = Object.keys(packs).find((pack) =>
    packs[pack]?.some((path) => source.startsWith(path)),
  )
  if (found === undefined) throw new Error(`${source}: no pack takes it`)
  return found
}

async function makePart(
  { path, text }: OutputFile,
  pack: string,
  {
    target = 'esnext',
    supported = {},
    minifySyntax = false,
    minifyWhitespace = false,
  }: BuildOptions,
): Promise<Part> {
  const options = { platform: 'node', format: 'cjs', target, supported } as const
  const { code } = await transform(text, { ...options, minifySyntax, minifyWhitespace })
  return { name: `./${basename(path)}`, pack, code }
}

function printParts(pack: string, parts: readonly Part[]): string {
  const functions = parts
    .filter((part) => part.pack === pack)
    .map(({ name, code }) => `${JSON.stringify(name)}:function(require,exports,module){${code}}`)
  return `{${functions.join(',\n')}}`
}

/** The loader of parts, which brings their packs, and the parts of every run. */
function printMain(program: string, parts: readonly Part[]): string {
  const packed = parts.filter(({ pack }) => pack !== MAIN)
  const files = packed.map(({ name, pack }) => [name, `./${packFile(program, pack)}`])
  return `"use strict";
const files=${JSON.stringify(Object.fromEntries(files))};
const parts=${printParts(MAIN, parts)};
const loaded={};
function load(name){
if(loaded[name])return loaded[name].exports;
if(!parts[name]){if(!files[name])return require(name);Object.assign(parts,loadPack(files[name]))}
const module=loaded[name]={exports:{}};
parts[name](load,module.exports,module);
return module.exports}
function loadPack(file){
try{return require(file)}catch(error){
if(error.code!=="MODULE_NOT_FOUND"&&!(error instanceof SyntaxError))throw error;
console.error("error: "+require("node:path").join(__dirname,file)+" is missing or damaged; run npm ci in the checkout");
process.exit(69)}}
load("./${program}.js");
/*! For license information please see ${legalFile(program)} */
`
}
