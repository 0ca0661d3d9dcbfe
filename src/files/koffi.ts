/** koffi, which calls functions of the machine's libraries, where it is installed with this package. */
import { requireInstalled } from './installed-package.ts'

export type Koffi = typeof import('koffi')
export type SharedLibrary = ReturnType<Koffi['load']>
export type Call = ReturnType<SharedLibrary['func']>

/** The machine code of koffi, a package for each platform. */
const NATIVE_PART = `@koromix/koffi-${process.platform}-${process.arch}`

let loaded: Koffi | undefined | 'not yet' = 'not yet'

/** koffi, or undefined on another platform than Linux and where it is not installed or does not load. */
export function loadKoffi(): Koffi | undefined {
  if (loaded === 'not yet') loaded = process.platform === 'linux' ? tryLoad() : undefined
  return loaded
}

function tryLoad(): Koffi | undefined {
  try {
    return requireInstalled('koffi', [NATIVE_PART]) as Koffi
  } catch {
    return undefined
  }
}
