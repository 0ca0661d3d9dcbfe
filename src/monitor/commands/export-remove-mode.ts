/** What becomes of the clients of an export that is removed. */
import { enumOf } from '../schema/qapi-types.ts'

export const EXPORT_REMOVE_MODE = enumOf('BlockExportRemoveMode', ['safe', 'hard'])
