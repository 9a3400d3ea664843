/** The fields of a schema in words: type, choices, limits. */
import type { OpenApiDocument } from '../openapi.ts'

type Schema = Record<string, unknown>

export interface DocumentedField {
  name: string
  isRequired: boolean
  shape: string
}

/** @param schema an object's schema, or parameters */
export function fieldsOfSchema(
  schema: Schema | readonly { name: string; required: boolean; schema: Schema }[],
  document: OpenApiDocument,
): DocumentedField[] {
  if (Array.isArray(schema)) {
    return schema.map(({ name, required, schema: field }) => ({
      name,
      isRequired: required,
      shape: shapeOf(field, document),
    }))
  }
  const { properties = {}, required = [] } = resolve(schema as Schema, document) as {
    properties?: Record<string, Schema>
    required?: string[]
  }
  return Object.entries(properties).map(([name, field]) => ({
    name,
    isRequired: required.includes(name),
    shape: shapeOf(field, document),
  }))
}

export function resolve(schema: Schema, { components }: OpenApiDocument): Schema {
  const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1)! : null
  return name === null ? schema : resolve(components.schemas[name]!, { components } as OpenApiDocument)
}

function shapeOf(field: Schema, document: OpenApiDocument, depth = 0): string {
  const schema = resolve(field, document)
  if (Array.isArray(schema.enum)) return schema.enum.map(String).join(' | ')
  if ('const' in schema) return String(schema.const)
  const choices = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined
  if (choices !== undefined)
    return [...new Set(choices.map(each => shapeOf(each, document, depth)))].join(' or ')
  const type = typeof schema.type === 'string' ? schema.type : 'anything'
  if (type === 'array') return `array of ${shapeOf((schema.items ?? {}) as Schema, document, depth + 1)}`
  if (type === 'object' && schema.properties !== undefined && depth < 2) {
    const fields = Object.entries(schema.properties as Record<string, Schema>)
    return `{${fields.map(([name, each]) => `${name}: ${shapeOf(each, document, depth + 1)}`).join(', ')}}`
  }
  const format = typeof schema.format === 'string' ? ` (${schema.format})` : ''
  return `${type}${format}${limitsOf(schema)}`
}

function limitsOf(schema: Schema): string {
  if (typeof schema.maxLength === 'number') return `, at most ${schema.maxLength} characters`
  const isBounded = typeof schema.maximum === 'number' && schema.maximum < Number.MAX_SAFE_INTEGER
  return isBounded ? `, ${schema.minimum ?? ''} to ${schema.maximum}` : ''
}
