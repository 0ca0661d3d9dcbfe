/** `qom-set`: who uses the object has the new value from the next connection on. */
import type { PropertyValue } from '../../options/object-definition.ts'
import { propertiesOf } from '../host/object-properties.ts'
import { checkValue } from '../schema/check-value.ts'
import { ANY, STR, struct } from '../schema/qapi-types.ts'
import { defineCommand } from './define-command.ts'
import { requireQomObject } from './qom-path.ts'

export const QOM_SET = defineCommand({
  name: 'qom-set',
  arguments: struct('QomSet', { path: STR, property: STR, value: ANY }),
  run: ({ objects }, { path, property, value }) => {
    const definition = requireQomObject(objects, path, property)
    const known = propertiesOf(definition.type).get(property)
    const checked = known && !known.isFixed ? checkValue(known.type, value, property) : ''
    objects.writeProperty(definition, property, checked as PropertyValue)
  },
})
