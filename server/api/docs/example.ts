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
  'put /sources/:id/write-back': {
    user: 'rappel_ecrit',
    password: '…',
    sql: 'UPDATE sms SET etat = :state, envoi = :sentAt WHERE id = :id',
  },
  'post /operators': {
    name: 'Opérateur A',
    protocol: 'smpp',
    config: { host: 'smsc.example', systemId: 'rappel', password: '…' },
    sender: 'ASSUR',
  },
  'post /operators/:id/trace': { isOn: true, minutes: 30 },
  'put /routes': {
    rules: [
      {
        name: 'Orange BF',
        when: { networks: ['BF:orange'] },
        operators: [{ operatorId: 1 }, { operatorId: 2 }],
      },
      { name: 'Burkina Faso', when: { countries: ['BF'] }, operators: [{ operatorId: 2 }] },
    ],
  },
  'put /tranches': {
    tranches: [
      {
        name: 'France 36xxx, marketing',
        country: 'FR',
        senders: '36###',
        categories: ['marketing'],
        hours: { days: [1, 2, 3, 4, 5, 6], from: '08:00', to: '22:00', skipHolidays: true },
        stopMention: ['STOP'],
      },
    ],
  },
  'put /operators/:id/sender-rules': {
    rules: [
      { country: 'BF', allowsOriginatorChange: true, names: ['ASSUR'], fallbackSender: 'ASSUR' },
      { country: null, allowsOriginatorChange: false },
    ],
  },
  'put /operators/:id/retry-policy': {
    policy: {
      temporary: { delaysSeconds: [5, 30, 60, 300], maxAttempts: 20, maxAgeMinutes: 1440 },
      throttle: { delaySeconds: 30, maxAgeMinutes: 1440 },
      link: { delaySeconds: 30, maxAgeMinutes: 2880 },
      unknownOutcome: { transactional: 'resend', reminder: 'hold', marketing: 'hold' },
    },
  },
  'put /networks': {
    networks: [
      { country: 'BF', code: 'telecel', label: 'Telecel Faso', prefixes: ['58', '68', '69', '78', '79'] },
    ],
  },
  'post /number-overrides': { overrides: [{ number: '70 00 00 01', network: 'telecel' }] },
  'post /number-overrides/import': { csv: '70000001;telecel\n76000002;moov' },
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
