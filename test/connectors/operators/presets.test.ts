import test from 'ava'
import { operatorKinds } from '../../../connectors/operators/kinds.ts'
import { findPreset, operatorPresets, presetConfig } from '../../../connectors/operators/presets/all.ts'
import { presetQuestions } from '../../../connectors/operators/presets/preset.ts'
import { countryPresets } from '../../../templates/text/country-presets.ts'

const fields = {
  host: 'smsc.example',
  port: 5000,
  systemId: 'rappel',
  shortCode: '36180',
  password: 'secret',
  partsPerSecond: 20,
  localAddress: '192.0.2.10',
}

/** What the contract tells, of those fields that the preset asks for. */
function filled(id: string): Record<string, unknown> {
  const asked = findPreset(id)!.fill.filter(({ isRequired }) => isRequired)
  return Object.fromEntries(
    asked.flatMap(({ setting }) => (setting === 'sender' ? [] : [[setting, Reflect.get(fields, setting)]])),
  )
}

for (const preset of operatorPresets) {
  test(`${preset.id}: what it asks for makes settings that its protocol takes`, t => {
    const built = presetConfig(preset, filled(preset.id), preset.protocol === 'smpp' ? '3210' : undefined)
    if (built.kind === 'missing') return t.fail(built.settings.join())
    const config = operatorKinds[preset.protocol].configSchema.parse(built.config) as Record<string, unknown>
    t.is(config.partsPerSecond, 20)
    for (const { setting, value, question } of preset.assumptions) {
      t.true(presetQuestions.includes(question))
      if (setting !== 'sender' && setting !== 'port') t.deepEqual(config[setting], value, setting)
    }
    for (const { setting } of preset.fill.filter(field => field.setting !== 'sender')) {
      // An unknown setting would be refused by the schema.
      const shape = operatorKinds[preset.protocol].configSchema.safeParse({
        ...built.config,
        [setting]: Symbol(),
      })
      t.false(JSON.stringify(shape.error?.issues ?? []).includes('unrecognized_keys'), setting)
    }
  })
}

test('the three operators of Burkina Faso and the French one are there under the names people look for', t => {
  const labels = operatorPresets.map(({ label }) => label.fr)
  for (const name of ['Burkina Faso – Orange', 'Burkina Faso – Moov Africa', 'Burkina Faso – Telecel Faso']) {
    t.true(labels.includes(name), name)
  }
  t.is(findPreset('fr-orange-ops')?.label.fr, 'France – Orange OPS (UCP)')
  const countries = new Set(operatorPresets.map(({ country }) => country))
  t.deepEqual([...countries].sort(), ['BF', 'BJ', 'CI', 'CM', 'FR', 'ML', 'NE', 'SN', 'TG'])
  t.is(new Set(operatorPresets.map(({ id }) => id)).size, operatorPresets.length)
})

test('every network that a preset serves stands in the prefix table of its country', t => {
  for (const { country, serves } of operatorPresets) {
    if (!('networks' in serves)) continue
    for (const network of serves.networks) {
      const codes = countryPresets[country].operators.map(({ operator }) => `${country}:${operator}`)
      t.true(codes.includes(network), network)
    }
  }
})

test('what the contract must tell and does not is named', t => {
  const preset = findPreset('fr-orange-ops')!
  t.deepEqual(presetConfig(preset, { host: 'a.example', port: 1, password: 'x' }, undefined), {
    kind: 'missing',
    settings: ['shortCode', 'partsPerSecond'],
  })
  const built = presetConfig(preset, filled('fr-orange-ops'), undefined)
  t.like(built, {
    kind: 'complete',
    sender: '36180',
    config: { accountTon: '6', accountNpi: '5', timeZone: 'Europe/Paris' },
  })
  t.deepEqual(presetConfig(findPreset('bf-orange')!, filled('bf-orange'), undefined), {
    kind: 'missing',
    settings: ['sender'],
  })
})

test('what a person gives stands over the preset', t => {
  const built = presetConfig(findPreset('bf-moov')!, { ...filled('bf-moov'), window: 50 }, '3210')
  t.like(built, { kind: 'complete', config: { window: 50, bindMode: 'transceiver' } })
})
