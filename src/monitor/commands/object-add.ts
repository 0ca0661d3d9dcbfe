/** `object-add` */

import type { PropertyValue } from '../../options/object-definition.ts'
import { isIdentifier } from '../host/identifier.ts'
import { refuseCommand } from '../protocol/qmp-error.ts'
import { defineCommand } from './define-command.ts'
import { OBJECT_OPTIONS } from './object-type.ts'

export const OBJECT_ADD = defineCommand({
  name: 'object-add',
  arguments: OBJECT_OPTIONS,
  run: ({ objects }, args) => {
    const { 'qom-type': type, id, ...properties } = args as Options
    if (!isIdentifier(id)) refuseCommand("Parameter 'id' expects an identifier")
    objects.add({ type, id, properties })
  },
})

type Options = { readonly 'qom-type': string; readonly id: string } & Readonly<
  Record<string, PropertyValue>
>
