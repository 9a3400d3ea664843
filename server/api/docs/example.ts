/** A call of an endpoint as one would type it. Names and numbers are invented. */
import type { Endpoint } from '../endpoint.ts'
import type { OpenApiDocument } from '../openapi.ts'
import { resolve } from './fields.ts'

type Schema = Record<string, unknown>

/** What reads better than anything made of a schema. */
const bodies: Readonly<Record<string, unknown>> = {
  'post /messages': { to: '70 00 00 01', text: 'Votre contrat arrive à échéance le 15/03/2027.' },
  'post /messages/batch': { messages: [{ to: '+22670000001', templateId: 1, values: { nom: 'OUEDRAOGO' } }] },
  'post /alerts': {
    name: 'Échéance J-15',
    definition: {
      sourceId: 1,
      sql: 'SELECT police, nom, tel, echeance FROM contrats',
      keyColumns: ['police'],
      phoneColumn: 'tel',
      country: 'BF',
      trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [-15] },
      templates: [{ templateId: 1 }],
      schedule: { cron: '0 8 * * *', zone: 'Africa/Ouagadougou' },
    },
  },
  'post /templates': {
    name: 'Échéance',
    language: 'fr',
    source: 'Cher {{nom}}, votre contrat {{police}} arrive à échéance.',
  },
  'post /sources': {
    name: 'Production',
    kind: 'postgres',
    config: { host: 'db.example', database: 'assur', user: 'rappel', password: '…' },
  },
  'post /operators': {
    name: 'Opérateur A',
    protocol: 'smpp',
    config: { host: 'smsc.example', systemId: 'rappel', password: '…' },
    sender: 'ASSUR',
  },
}

export function exampleOf(endpoint: Endpoint, body: Schema | undefined, document: OpenApiDocument): string {
  const url = `$RAPPEL/api/v1${endpoint.path.replace(/:\w+/g, '7')}`
  const lines = [
    `curl -H "Authorization: Bearer $KEY"${endpoint.method === 'get' ? '' : ` -X ${endpoint.method.toUpperCase()}`} ${url}`,
  ]
  if (endpoint.takesIdempotencyKey === true) lines.push('  -H "Idempotency-Key: echeance-2027-03-15-1"')
  if (body !== undefined && endpoint.isBodyOptional !== true) {
    const known =
      bodies[`${endpoint.method} ${endpoint.path}`] ?? bodies[`post ${endpoint.path.replace('/:id', '')}`]
    const example = JSON.stringify(known ?? sampleOf(body, document)).replaceAll("'", "'\\''")
    lines.push('  -H "Content-Type: application/json"', `  -d '${example}'`)
  }
  return lines.join(' \\\n')
}

/** The required fields of a schema, filled in. */
function sampleOf(given: Schema, document: OpenApiDocument, depth = 0): unknown {
  const schema = resolve(given, document)
  if (Array.isArray(schema.enum)) return schema.enum[0]
  if ('const' in schema) return schema.const
  const choices = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined
  if (choices !== undefined) return sampleOf(choices[0]!, document, depth)
  if (depth > 5) return null
  switch (schema.type) {
    case 'object': {
      const { properties = {}, required = [] } = schema as {
        properties?: Record<string, Schema>
        required?: string[]
      }
      return Object.fromEntries(
        required.map(name => [name, sampleOf(properties[name] ?? {}, document, depth + 1)]),
      )
    }
    case 'array':
      return [sampleOf((schema.items ?? {}) as Schema, document, depth + 1)]
    case 'integer':
    case 'number':
      return 1
    case 'boolean':
      return true
    default:
      return '…'
  }
}
