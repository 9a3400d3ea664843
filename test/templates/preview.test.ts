import test from 'ava'
import { previewTemplate } from '../../templates/preview.ts'
import { compileTemplate, renderMessage } from '../../templates/render.ts'

const options = { language: 'fr', country: 'BF', policy: 'smart', maxParts: 2, tooLong: 'refuse' } as const

test('a preview shows each row as it would leave, and the worst case', t => {
  const source = '{{nom}}: prime {{montant prime}} F CFA, fête'
  const rows = [
    { nom: 'KONE', prime: '145500.00' },
    { nom: 'S'.repeat(150), prime: 1 },
    { nom: 'KONE', prime: null },
    { nom: 'KONE', prime: 'gratuit' },
    { nom: 'X'.repeat(400), prime: 1 },
  ]
  const preview = previewTemplate(source, rows, options)
  if (preview.kind !== 'preview') return t.fail(preview.expected)
  t.deepEqual(preview.variables, ['nom', 'prime'])
  t.like(preview.rows[0], { kind: 'ready', text: 'KONE: prime 145 500 F CFA, fete', units: 31 })
  t.like(preview.rows[0], { replacements: [{ from: 'ê', to: 'e', count: 1 }] })
  t.like(preview.rows[2], { kind: 'missing', variables: ['prime'] })
  t.like(preview.rows[3], { kind: 'failed', code: 'value-not-an-amount' })
  t.like(preview.rows[4], { kind: 'refused', code: 'text-too-long' })
  t.like(preview.worstCase, { count: 2, maxParts: 2 })
  const sent = rows.map(row => renderMessage(compileTemplate(source, options), row, options))
  t.deepEqual(preview.rows, sent)
})

test('a preview of a template that cannot be used says where and what was expected', t => {
  t.like(previewTemplate('Bonjour {{tronqe nom 5}}', [], options), {
    kind: 'template-refused',
    code: 'template-helper-unknown',
    line: 1,
    column: 11,
    found: 'tronqe',
  })
})
