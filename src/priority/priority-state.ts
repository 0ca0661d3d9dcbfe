/** What a priority string has set up so far, and how each instruction changes it. */
import type { AlgorithmRules } from './algorithm-rules.ts'
import { type Instruction, isNone, parseToken } from './instruction.ts'
import {
  addItems,
  emptyLists,
  type PriorityLists,
  removeItems,
  replaceItems,
} from './priority-lists.ts'
import {
  compareSecurityLevels,
  isLowerProfile,
  levelOfProfile,
  type ProfileName,
  type SecurityLevelName,
} from './profiles.ts'
import { DEFAULT_OPTIONS, type PriorityOption, type PriorityOptions } from './string-options.ts'
import type { Token } from './token.ts'
import type { LevelWord, Vocabulary } from './vocabulary.ts'

/** Changed in place by each token. */
export type PriorityState = {
  readonly lists: PriorityLists
  options: PriorityOptions
  profile: ProfileName | undefined
  securityLevel: SecurityLevelName | undefined
  /** A level has set the lists, so that another one adds to them. */
  leveled: boolean
}

/** What a string starts from, which its first token decides. */
export function startState(first: Token | undefined, vocabulary: Vocabulary): PriorityState {
  const lists = emptyLists()
  const empty = isNone(first)
  if (!empty) for (const change of vocabulary.start) addItems(lists, change)
  const unset = { profile: undefined, securityLevel: undefined }
  return { lists, options: DEFAULT_OPTIONS, ...unset, leveled: empty }
}

/** Applies one token; false where it means nothing, and GnuTLS stops. */
export function applyToken(
  state: PriorityState,
  token: Token,
  vocabulary: Vocabulary,
  rules: AlgorithmRules,
): boolean {
  return applyInstruction(state, parseToken(token, vocabulary), rules)
}

/** Applies one instruction; false where it means nothing. */
export function applyInstruction(
  state: PriorityState,
  instruction: Instruction,
  rules: AlgorithmRules,
): boolean {
  switch (instruction.kind) {
    case 'none':
      return true
    case 'level':
      applyLevel(state, instruction.level, instruction.sign)
      return true
    case 'word': {
      const { word, sign } = instruction
      if (word.curve !== undefined && rules.curves.has(word.curve)) return false
      const change = sign === '+' ? addItems : removeItems
      for (const item of word.changes) change(state.lists, item)
      return true
    }
    case 'option':
      applyOption(state, instruction.option)
      return true
    case 'unknown':
      return false
  }
}

/** `+LEVEL` always adds, and does not count as the level that sets the lists. */
function applyLevel(state: PriorityState, word: LevelWord, sign: '+' | undefined): void {
  const { level, changes } = word
  const change = sign === '+' || state.leveled ? addItems : replaceItems
  for (const item of changes) change(state.lists, item)
  if (sign === undefined) state.leveled = true
  if (level.profile && (!state.profile || isLowerProfile(level.profile, state.profile))) {
    state.profile = level.profile
  }
  const { securityLevel } = state
  if (!securityLevel || compareSecurityLevels(level.securityLevel, securityLevel) < 0) {
    state.securityLevel = level.securityLevel
  }
  // A level forgets what an option before it said about tickets.
  state.options = { ...state.options, tickets: true, ticketsTls12: !level.noTicketsTls12 }
}

function applyOption(state: PriorityState, option: PriorityOption): void {
  state.options = { ...state.options, ...option.sets }
  if (option.profile) useProfile(state, option.profile)
}

/** Sets a profile and the security level that it stands for. */
export function useProfile(state: PriorityState, profile: ProfileName): void {
  state.profile = profile
  state.securityLevel = levelOfProfile(profile)
}
