/** The visible list of presets. Another network in a prefix table brings its own; any other operator: one entry here. */
import type { OperatorPreset } from './preset.ts'
import { labelOf, smppPresets } from './smpp-presets.ts'

/**
 * Orange’s push offer for companies in France, over UCP through an IPsec tunnel that the host or a router makes: the
 * tunnel decides by the source address what goes through it.
 */
const orangeFrance: OperatorPreset = {
  id: 'fr-orange-ops',
  country: 'FR',
  operatorName: 'Orange OPS',
  label: labelOf('FR', 'Orange OPS (UCP)'),
  protocol: 'ucp',
  config: {
    login: 'operation-60',
    accountTon: '6',
    accountNpi: '5',
    window: 10,
    keepAliveSeconds: 50,
    recipientFormat: 'international-00',
    national: { countryCode: '33', length: 10, trunkPrefix: '0' },
    allowOriginatorChange: false,
    alphabet: 'gsm0338',
    notificationTypes: 3,
    validityFormat: 'absolute',
    timeZone: 'Europe/Paris',
  },
  fill: [
    { setting: 'host', isRequired: true },
    { setting: 'port', isRequired: true },
    // Often a router makes the tunnel, and this machine has no address in it.
    { setting: 'localAddress', isRequired: false },
    { setting: 'shortCode', isRequired: true },
    { setting: 'password', isRequired: true },
    { setting: 'partsPerSecond', isRequired: true },
    { setting: 'account', isRequired: false },
    { setting: 'window', isRequired: false },
    { setting: 'secondaryHost', isRequired: false },
    { setting: 'secondaryPort', isRequired: false },
    { setting: 'throughputGroup', isRequired: false },
  ],
  assumptions: [
    { setting: 'window', value: 10, question: 'window' },
    { setting: 'recipientFormat', value: 'international-00', question: 'number-format' },
    { setting: 'alphabet', value: 'gsm0338', question: 'default-alphabet' },
    { setting: 'notificationTypes', value: 3, question: 'notification-mask' },
    { setting: 'keepAliveSeconds', value: 50, question: 'keep-alive' },
    { setting: 'timeZone', value: 'Europe/Paris', question: 'clock-zone' },
    { setting: 'validityFormat', value: 'absolute', question: 'validity' },
    { setting: 'allowOriginatorChange', value: false, question: 'name-as-sender' },
  ],
  // Numbers are ported: any French phone is reached through one operator's short code.
  serves: { countries: ['FR'] },
}

export const operatorPresets: readonly OperatorPreset[] = [...smppPresets, orangeFrance]

export function findPreset(id: string): OperatorPreset | undefined {
  return operatorPresets.find(preset => preset.id === id)
}

/**
 * The settings of a new operator: those of the preset, and over them what a person gave.
 *
 * @returns the settings that must still be given, or the whole
 */
export function presetConfig(
  { config, fill, protocol }: OperatorPreset,
  given: Readonly<Record<string, unknown>>,
  sender: string | undefined,
):
  | { kind: 'missing'; settings: string[] }
  | { kind: 'complete'; config: Record<string, unknown>; sender: string } {
  const merged: Record<string, unknown> = { ...config, ...given }
  // The short code of a UCP session is the sender of what it carries.
  const own =
    sender ?? (protocol === 'ucp' && typeof merged.shortCode === 'string' ? merged.shortCode : undefined)
  const settings = fill
    .filter(
      ({ isRequired, setting }) =>
        isRequired && (setting === 'sender' ? own === undefined : merged[setting] === undefined),
    )
    .map(({ setting }) => setting)
  if (settings.length > 0 || own === undefined) return { kind: 'missing', settings }
  return { kind: 'complete', config: merged, sender: own }
}
