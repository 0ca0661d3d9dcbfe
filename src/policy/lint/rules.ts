/** Every lint rule. A rule is a file beside this one, a line here and a test. */
import { deprecatedForm } from './deprecated-form.ts'
import { duplicateValue } from './duplicate-value.ts'
import { emptyClass } from './empty-class.ts'
import { experimentalValue } from './experimental-value.ts'
import { idleScope } from './idle-scope.ts'
import { javaFusedName } from './java-fused-name.ts'
import { moduleConflict } from './module-conflict.ts'
import { noEffect } from './no-effect.ts'
import type { LintRule } from './rule.ts'
import { unreadScope } from './unread-scope.ts'
import { unreadableText } from './unreadable-text.ts'
import { valueWithoutEffect } from './value-without-effect.ts'
import { weakAlgorithm } from './weak-algorithm.ts'
import { weakSetting } from './weak-setting.ts'
import { wildcardEnables } from './wildcard-enables.ts'

export const LINT_RULES: readonly LintRule[] = [
  unreadableText,
  deprecatedForm,
  experimentalValue,
  noEffect,
  valueWithoutEffect,
  duplicateValue,
  wildcardEnables,
  idleScope,
  unreadScope,
  emptyClass,
  weakAlgorithm,
  weakSetting,
  moduleConflict,
  javaFusedName,
]
