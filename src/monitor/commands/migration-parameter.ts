/** Parameters of migrations in commands. */
import { MIGRATION_PARAMETERS, type Parameter } from '../host/migration-parameters.ts'
import {
  alternateOf,
  BOOL,
  enumOf,
  type Members,
  NULL,
  optional,
  type QapiType,
  SIZE,
  STR,
  UINT8,
  UINT32,
} from '../schema/qapi-types.ts'

const COMPRESSION = enumOf('MultiFDCompression', ['none', 'zlib', 'zstd'])

const TYPES: Readonly<Record<Parameter['kind'], QapiType>> = {
  ...{ uint8: UINT8, uint32: UINT32, size: SIZE, bool: BOOL, text: STR, compression: COMPRESSION },
}

const PARAMETERS = Object.entries<Parameter>(MIGRATION_PARAMETERS)

/** As they are told. */
export const TOLD_PARAMETERS: Members = Object.fromEntries(
  PARAMETERS.map(([name, { kind }]) => [name, optional(TYPES[kind])]),
)

/** `null` and the empty text take a text back. */
const STR_OR_NULL = alternateOf('StrOrNull', [STR, NULL])

/** As they are set. */
export const SET_PARAMETERS: Members = Object.fromEntries(
  PARAMETERS.map(([name, { kind }]) => [
    name,
    optional(kind === 'text' ? STR_OR_NULL : TYPES[kind]),
  ]),
)
