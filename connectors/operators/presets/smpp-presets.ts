/** Operators reached over SMPP: one per network of a country's prefix table. */
import { type CountryCode, countryCodes, countryPresets } from '../../../templates/text/country-presets.ts'
import type { OperatorPreset, PresetAssumption, PresetField } from './preset.ts'

/** Minutes east of UTC; none of these countries changes its clocks. */
const utcOffsetMinutes: Readonly<Partial<Record<CountryCode, number>>> = { NE: 60, BJ: 60, CM: 60 }

const fill: readonly PresetField[] = [
  { setting: 'host', isRequired: true },
  { setting: 'port', isRequired: true },
  { setting: 'systemId', isRequired: true },
  { setting: 'password', isRequired: true },
  { setting: 'sender', isRequired: true },
  { setting: 'partsPerSecond', isRequired: true },
  { setting: 'window', isRequired: false },
  { setting: 'systemType', isRequired: false },
  { setting: 'localAddress', isRequired: false },
  { setting: 'tls', isRequired: false },
  { setting: 'throughputGroup', isRequired: false },
]

export const smppPresets: readonly OperatorPreset[] = countryCodes.flatMap(country =>
  countryPresets[country].operators
    .filter(({ operator }) => !isNotForMessages(country, operator))
    .map(({ operator, label }) => smppPreset(country, operator, label)),
)

/** The State's own network of Senegal sells no messages to insurers. */
function isNotForMessages(country: CountryCode, operator: string): boolean {
  return country === 'SN' && operator === 'adie'
}

function smppPreset(country: CountryCode, operator: string, operatorName: string): OperatorPreset {
  const smscUtcOffsetMinutes = utcOffsetMinutes[country] ?? 0
  const shortCodeAddress = { ton: 3, npi: 0 }
  const assumed: PresetAssumption[] = [
    { setting: 'port', value: 2775, question: 'port' },
    { setting: 'window', value: 10, question: 'window' },
    { setting: 'bindMode', value: 'transceiver', question: 'bind-mode' },
    { setting: 'shortCodeAddress', value: shortCodeAddress, question: 'short-code-address' },
    { setting: 'destinationAddress', value: { ton: 1, npi: 1 }, question: 'number-format' },
    { setting: 'defaultAlphabet', value: 'gsm', question: 'default-alphabet' },
    { setting: 'longMessages', value: 'udh8', question: 'long-messages' },
    { setting: 'receiptIdMode', value: 'auto', question: 'receipt-ids' },
    { setting: 'smscUtcOffsetMinutes', value: smscUtcOffsetMinutes, question: 'clock-zone' },
    { setting: 'enquireLinkSeconds', value: 30, question: 'keep-alive' },
  ]
  return {
    id: `${country.toLowerCase()}-${operator}`,
    country,
    operatorName,
    label: labelOf(country, operatorName),
    protocol: 'smpp',
    // The port is asked for: no operator of these has published one.
    config: Object.fromEntries(
      assumed.filter(({ setting }) => setting !== 'port').map(({ setting, value }) => [setting, value]),
    ),
    fill,
    assumptions: [...assumed, { setting: 'sender', value: 'a short code', question: 'name-as-sender' }],
    serves: { networks: [`${country}:${operator}`] },
  }
}

/** `Côte d’Ivoire – Orange`. */
export function labelOf(country: CountryCode, operatorName: string): OperatorPreset['label'] {
  const inLanguage = (language: 'fr' | 'en'): string =>
    `${new Intl.DisplayNames([language], { type: 'region' }).of(country)} – ${operatorName}`
  return { fr: inLanguage('fr'), en: inLanguage('en') }
}
