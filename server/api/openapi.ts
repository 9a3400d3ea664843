/** The OpenAPI 3.1 document, from the endpoints and the error catalogue alone. */
import { z } from 'zod'
import { type ErrorCode, errorCatalogue } from '../errors.ts'
import { errorBody } from './contract/error.ts'
import type { Endpoint } from './endpoint.ts'

export type JsonSchema = { [key: string]: unknown }

export interface OpenApiDocument {
  openapi: '3.1.0'
  info: { title: string; version: string; description: string }
  servers: { url: string }[]
  security: Record<string, string[]>[]
  paths: Record<string, Record<string, unknown>>
  components: { schemas: Record<string, JsonSchema>; securitySchemes: Record<string, unknown> }
}

/** What any endpoint may answer besides its own codes. */
const commonErrors: readonly ErrorCode[] = [
  'invalid-request',
  'not-authenticated',
  'not-permitted',
  'payload-too-large',
  'too-many-requests',
  'internal',
  'store-unavailable',
  'stopping',
]

export function openApiDocument(endpoints: readonly Endpoint[], version: string): OpenApiDocument {
  const schemas: Record<string, JsonSchema> = {}
  const error = schemaOf(errorBody, 'output', schemas)
  const paths: OpenApiDocument['paths'] = {}
  for (const endpoint of endpoints) {
    const path = endpoint.path.replace(/:(\w+)/g, '{$1}')
    paths[path] ??= {}
    paths[path][endpoint.method] = operationOf(endpoint, schemas, error)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Rappel',
      version,
      description: 'Sends SMS, looks after alerts. Ids are numbers, times ISO 8601 in UTC.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ key: [] }],
    paths,
    components: { schemas, securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
  }
}

/** `sendOneMessage` would need a name per endpoint; method and path are one already. */
export function operationId({ method, path }: Pick<Endpoint, 'method' | 'path'>): string {
  return method + path.replace(/[/:-]+(\w)/g, (_, letter: string) => letter.toUpperCase())
}

/** Every code an endpoint may answer, each once. */
export function errorCodesOf({ errors = [] }: Pick<Endpoint, 'errors'>): ErrorCode[] {
  return [...new Set([...errors, ...commonErrors])]
}

function operationOf(endpoint: Endpoint, schemas: Record<string, JsonSchema>, error: JsonSchema): JsonSchema {
  const body = endpoint.documentedBody ?? endpoint.body
  return {
    operationId: operationId(endpoint),
    tags: [endpoint.noun],
    summary: endpoint.summary,
    description: `Scope: ${endpoint.scope}`,
    parameters: parametersOf(endpoint, schemas),
    ...(body !== undefined && {
      requestBody: {
        required: endpoint.isBodyOptional !== true,
        content: { 'application/json': { schema: schemaOf(body, 'input', schemas) } },
      },
    }),
    responses: responsesOf(endpoint, schemas, error),
  }
}

function parametersOf(endpoint: Endpoint, schemas: Record<string, JsonSchema>): JsonSchema[] {
  const header = {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'The same key and body give the first answer again and send nothing twice',
    schema: { type: 'string', minLength: 1, maxLength: 128 },
  }
  return [
    ...fieldsOf(endpoint.params, schemas).map(field => ({ ...field, in: 'path', required: true })),
    ...fieldsOf(endpoint.query, schemas).map(field => ({ ...field, in: 'query' })),
    ...(endpoint.takesIdempotencyKey === true ? [header] : []),
  ]
}

function fieldsOf(
  schema: z.ZodType | undefined,
  schemas: Record<string, JsonSchema>,
): { name: string; required: boolean; schema: unknown }[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = schemaOf(schema, 'input', schemas) as {
    properties?: Record<string, unknown>
    required?: string[]
  }
  return Object.entries(properties).map(([name, field]) => ({
    name,
    required: required.includes(name),
    schema: field,
  }))
}

function responsesOf(
  endpoint: Endpoint,
  schemas: Record<string, JsonSchema>,
  error: JsonSchema,
): Record<string, JsonSchema> {
  const responses: Record<string, JsonSchema> = {
    [endpoint.status]:
      endpoint.answer === undefined
        ? { description: 'Done' }
        : {
            description: 'Done',
            content: {
              'application/json': { schema: schemaOf(endpoint.answer, 'output', schemas) },
              ...(endpoint.csvRows !== undefined && { 'text/csv': { schema: { type: 'string' } } }),
            },
          },
  }
  const byStatus = Map.groupBy(errorCodesOf(endpoint), code => errorCatalogue[code].status)
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    responses[status] = {
      description: codes.map(code => `\`${code}\`: ${errorCatalogue[code].meaning}`).join('\n'),
      content: { 'application/json': { schema: error } },
    }
  }
  return responses
}

/** Characters of JSON above which repeated parts are written once: an audience five groups deep repeats itself. */
const longestInline = 20_000

/**
 * One schema as JSON Schema. What zod names or shares moves to the components, so that every `$ref` resolves
 * within the document.
 */
function schemaOf(
  schema: z.ZodType,
  io: 'input' | 'output',
  schemas: Record<string, JsonSchema>,
): JsonSchema {
  const inline = convert(schema, io, 'inline')
  const isLong = JSON.stringify(inline).length > longestInline
  const { $schema: _dialect, $defs = {}, ...json } = isLong ? convert(schema, io, 'ref') : inline
  const names = new Map<string, string>()
  let number = 1
  for (const name of Object.keys($defs)) {
    // Zod numbers what it shares anew for each schema.
    while (`Shared${number}` in schemas) number += 1
    names.set(name, name.startsWith('__') ? `Shared${number++}` : name)
  }
  for (const [name, definition] of Object.entries($defs)) {
    const { id: _id, ...plain } = moveReferences(definition, names) as JsonSchema
    schemas[names.get(name)!] = plain
  }
  return moveReferences(json, names) as JsonSchema
}

function convert(
  schema: z.ZodType,
  io: 'input' | 'output',
  reused: 'inline' | 'ref',
): JsonSchema & { $defs?: Record<string, JsonSchema> } {
  return z.toJSONSchema(schema, {
    io,
    reused,
    unrepresentable: 'any',
    override({ jsonSchema }) {
      // Numbers in paths and queries are text for zod; for the reader they are numbers.
      if (jsonSchema.type === 'integer') delete jsonSchema.pattern
    },
  }) as JsonSchema & { $defs?: Record<string, JsonSchema> }
}

function moveReferences(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map(each => moveReferences(each, names))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      if (key !== '$ref' || typeof each !== 'string') return [key, moveReferences(each, names)]
      const name = each.replace('#/$defs/', '')
      return [key, `#/components/schemas/${names.get(name) ?? name}`]
    }),
  )
}
