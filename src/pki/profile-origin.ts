/** Which word of which file asks for the verification profile that is in force. */
import { type Span, spanText } from '../diagnostics/source.ts'
import type { Evaluation } from '../priority/evaluate.ts'
import { findProfile } from '../priority/profiles.ts'
import { originOf } from '../priority/resolve.ts'
import type { SystemConfig } from '../priority/system-config.ts'
import { settingOf, systemRules } from '../priority/system-rules.ts'
import { tokenize } from '../priority/token.ts'

export type ProfileOrigin = {
  /** As the file or the string has it. */
  readonly words: string
  readonly span: Span
}

/** Finds the setting, else the token of the string, else the whole string. */
export function profileOrigin({
  evaluation,
  config,
}: {
  readonly evaluation: Evaluation
  readonly config: SystemConfig
}): ProfileOrigin {
  const { profile, release, resolution } = evaluation
  const setting = settingOf(systemRules(config, release), 'min-verification-profile')
  if (setting && findProfile(setting.value) === profile) {
    return { words: spanText(setting.entry.line), span: setting.entry.line }
  }
  const tokens = tokenize(resolution.text)
  const named = tokens.findLast(({ text }) => text.includes('%PROFILE_'))
  const token = named ?? tokens[0]
  const span = originOf(resolution, token?.start ?? 0, token?.end ?? resolution.text.length)
  return { words: token?.text ?? resolution.text, span }
}
