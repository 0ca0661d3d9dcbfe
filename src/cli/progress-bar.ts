/** How far a long run is: one line on a terminal that is written over, and nothing anywhere else. */
import { formatSize } from './byte-size.ts'
import type { Terminal } from './terminal.ts'

/** Milliseconds between two states of the bar: people do not read faster. */
const INTERVAL = 200

const BAR_WIDTH = 20

/** Where more is told, so that all stands in 80 columns. */
const SMALL_BAR_WIDTH = 5

/** How much of the past the rate is made of, in milliseconds. */
const MEMORY = 5000

export class ProgressBar {
  readonly #terminal: Terminal
  readonly #now: () => number
  readonly #samples: { readonly at: number; readonly done: number }[] = []
  #shownAt = Number.NEGATIVE_INFINITY

  constructor(terminal: Terminal, now: () => number = () => performance.now()) {
    this.#terminal = terminal
    this.#now = now
  }

  /** @param details What else is told; asked for only where the line is shown. */
  update(what: string, done: number, total: number, details?: () => readonly string[]): void {
    const now = this.#now()
    if (now - this.#shownAt < INTERVAL && done < total) return
    this.#shownAt = now
    if (done < (this.#samples.at(-1)?.done ?? 0)) this.#samples.length = 0
    this.#samples.push({ at: now, done })
    while (this.#samples.length > 2 && now - (this.#samples[0]?.at ?? now) > MEMORY) {
      this.#samples.shift()
    }
    const bar = describeProgress(done, total, this.#rate(), details && SMALL_BAR_WIDTH)
    const told = [bar, ...(details?.() ?? [])]
    this.#terminal.showStatus(`${what} ${told.join('  ')}`)
  }

  /** Takes the line away. */
  end(): void {
    this.#terminal.showStatus('')
  }

  /** Bytes a second, of the last seconds. */
  #rate(): number {
    const [first] = this.#samples
    const last = this.#samples.at(-1)
    if (!first || !last || last.at <= first.at) return 0
    return ((last.done - first.done) / (last.at - first.at)) * 1000
  }
}

/**
 * `[##########----------]  50%  1 GiB of 2 GiB  500 MiB/s  2 s left`
 *
 * @internal Exported for tests.
 */
export function describeProgress(
  done: number,
  total: number,
  rate: number,
  width = BAR_WIDTH,
): string {
  const part = total === 0 ? 1 : done / total
  const filled = Math.floor(part * width)
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}]`
  const percent = `${Math.floor(part * 100)}%`.padStart(4)
  const speed = rate > 0 ? `  ${formatSize(Math.round(rate))}/s` : ''
  const left = rate > 0 && done < total ? `  ${formatDuration((total - done) / rate)} left` : ''
  return `${bar} ${percent}  ${formatSize(done)} of ${formatSize(total)}${speed}${left}`
}

/** `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
