/** Requests to the real API: bodies, paths and headers of clients that mean harm. */
import test from 'ava'
import fc from 'fast-check'
import { endpoints } from '../../server/api/endpoints/all.ts'
import { addOperator, phone, startApi } from '../api/api-under-test.ts'
import { fuzz } from './fuzz.ts'
import { assembled, mutated } from './mutations.ts'

const corpus = [
  { to: phone(1), text: 'Bonjour', priority: 'express', reference: 'r-1' },
  {
    messages: [
      { to: phone(2), text: 'A' },
      { to: phone(3), text: 'B' },
    ],
  },
  { name: 'T', language: 'fr', source: 'A {{nom}} {{date echeance}}' },
  { name: 'S', kind: 'sqlite', config: { path: 'insurer.db', maxRows: 10 } },
  { rules: [{ name: 'A', when: { prefixes: ['226'] }, operators: [{ operatorId: 1 }] }] },
  {
    name: 'A',
    definition: {
      sourceId: 1,
      sql: 'select 1',
      keyColumns: ['police'],
      phoneColumn: 'telephone',
      country: 'BF',
      trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [-7] },
      templates: [{ templateId: 1 }],
      schedule: { cron: '0 8 * * *', zone: 'Africa/Ouagadougou' },
    },
  },
].map(body => JSON.stringify(body))
const pieces = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"',
  '\\u0000',
  '\\ud800',
  'null',
  '-1',
  '1e999',
  '0',
  'true',
  '"__proto__":',
  '"constructor":',
  '"to":',
  '"text":',
  '\ufeff',
  '\0',
  '\n',
  '[[[[',
  '9'.repeat(400),
]

const anyRequest = fc.record({
  // Left to tests of their own: what goes on after the request (binds, runs), and keys, of which ours would be revoked.
  endpoint: fc.constantFrom(...endpoints.filter(({ path }) => !/start|run|test|keys/.test(path))),
  id: fc.constantFrom('1', '2', '0', '-1', '1e9', '%00', '..', '99999999999999999999', '__proto__'),
  query: fc.oneof(
    fc.constant(''),
    assembled(['limit=', 'before=', 'state=', 'recipient=', '1', '%', '&', '=', '[', 'x', '%00', '%ff'], 6),
  ),
  raw: fc.oneof(
    { weight: 6, arbitrary: mutated(corpus, pieces) },
    assembled(pieces),
    fc.jsonValue().map(value => JSON.stringify(value)),
  ),
  type: fc.constantFrom('application/json', 'application/json', 'application/json', 'text/plain', 'a/b;;'),
})

/** The door that matters most, with what nearly belongs there. */
const message = fc.record({
  endpoint: fc.constantFrom(
    ...endpoints.filter(({ method, path }) => method === 'post' && path === '/messages'),
  ),
  id: fc.constant('1'),
  query: fc.constant(''),
  raw: mutated([corpus[0]!], pieces),
  type: fc.constant('application/json'),
})
const request = fc.oneof({ weight: 3, arbitrary: anyRequest }, { weight: 1, arbitrary: message })

test('any request is answered in JSON by a code, never by a fault of ours, and messages still go in', async t => {
  const api = await startApi(t)
  await addOperator(api)
  let taken = 0
  await fuzz(
    t,
    request,
    async ({ endpoint, id, query, raw, type }) => {
      const path = `/api/v1${endpoint.path.replace(/:\w+/g, id)}?${query}`
      const response = await fetch(new URL(path, api.url), {
        method: endpoint.method.toUpperCase(),
        headers: { authorization: `Bearer ${api.key}`, 'content-type': type },
        ...(endpoint.method !== 'get' && { body: raw }),
      })
      const text = await response.text()
      if (response.status < 400) {
        if (endpoint.method === 'post') taken += 1
        return true
      }
      return (
        response.status < 500 && response.status !== 401 && typeof JSON.parse(text).error.code === 'string'
      )
    },
    { share: 0.5 },
  )
  t.true(taken > 0, 'some mutants are still valid requests')
  const sent = await api.call('POST', '/api/v1/messages', { body: { to: phone(9), text: 'Bonjour' } })
  t.is(sent.status, 202)
  t.deepEqual(
    api.logLines.filter(line => line.includes('api.request.failed')),
    [],
  )
})
