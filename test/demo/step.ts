/** A step of the demo: a command, and what has to come of it. */
export type Step = {
  readonly heading: string
  /** Run by sh in the checkout, with `base_dir` in its environment. */
  readonly command: string
  /** What it has to print. */
  readonly shows: RegExp
  /** The exit status that belongs to the story. */
  readonly status?: number
  /** A program without which the step is left out. */
  readonly needs?: string
}
