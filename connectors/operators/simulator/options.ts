/** What a simulated operator is told at its start: one schema, defaults beside their keys. */
import { z } from 'zod'
import { bindModes } from './dialogue-words.ts'
import { faultPlanFor, faultPlanSchema } from './faults.ts'
import { type ReceiptFormat, receiptFormats, receiptOptionsSchema } from './outcomes.ts'
import { type MessageIdStyle, messageIdStyles } from './smpp/message-ids.ts'
import { defaultAlphabets } from './submitted-part.ts'

export const protocolNames = ['smpp', 'ucp'] as const

export type ProtocolName = (typeof protocolNames)[number]

const styles = Object.keys(messageIdStyles) as [MessageIdStyle, ...MessageIdStyle[]]

const accountSchema = z.strictObject({
  /**
   * 15 and 8 characters are the limits of SMPP 3.4; many operators take longer ones, and so does this one. Over UCP
   * the login: the digits of OAdC, most often the short code.
   */
  systemId: z.string().min(1).max(64),
  password: z.string().max(64),
  /** An older platform refuses transceivers: leave 'trx' out. */
  modes: z
    .array(z.enum(bindModes))
    .min(1)
    .default([...bindModes]),
  /** Sessions bound at once; one more is refused. */
  maxSessions: z.int().min(1).max(1_000).default(10),
})

const contractSchema = z.strictObject({
  /** Parts accepted in any window of one second, per account; above it 0x58 or EC 04. */
  maxPartsPerSecond: z.int().min(1).max(1_000_000).optional(),
  /** Submits awaiting their answer, per session; above it 0x58 or EC 04. Seen only when answers are delayed. */
  maxWindow: z.int().min(1).max(10_000).optional(),
  /** false: what breaks the contract is accepted, and only counted. */
  enforce: z.boolean().default(true),
  /** Taken off the second, for packets that the network brought nearer to each other than they left. */
  toleranceMs: z.int().min(0).max(999).default(0),
})

const settings = z.strictObject({
  protocol: z.enum(protocolNames).default('smpp'),
  /** Shown in logs, and as system_id of the bind answers. */
  name: z.string().min(1).max(15).default('SIMULATOR'),
  host: z.string().default('127.0.0.1'),
  /** 0: any free port. */
  port: z.int().min(0).max(65_535).default(0),
  /** PEM texts. Absent: plain TCP. */
  tls: z.strictObject({ key: z.string(), cert: z.string() }).optional(),
  /** Absent: one, `rappel` over SMPP and `38001` over UCP, with the password `secret`. */
  accounts: z.array(accountSchema).min(1).optional(),
  contract: contractSchema.prefault({}),
  /** SMPP only: over UCP phone and second are the id. */
  messageIds: z.enum(styles).default('decimal'),
  /** Of the first message: a simulator started again must not give the same ids again. */
  firstMessageId: z.int().min(1).default(439_041_101),
  defaultAlphabet: z.enum(defaultAlphabets).default('gsm'),
  receipts: receiptOptionsSchema.prefault({}),
  faults: faultPlanSchema.default([]),
  seed: z.int().default(1),
  /**
   * What the witness keeps. `counts`: totals and rates, memory does not grow; `messages`: every part with its text,
   * about 500 octets each.
   */
  keep: z.enum(['counts', 'messages']).default('messages'),
  /** File to which every accepted part is appended, as one line of JSON, before it is answered. */
  journal: z.string().optional(),
  /** A session that says nothing for so long is closed. */
  inactivityMs: z.int().min(1_000).max(86_400_000).default(300_000),
  /** A session silent for so long is asked with enquire_link or operation 31; 0: never. */
  enquireLinkMs: z.int().min(0).max(86_400_000).default(0),
})

const usualLogin: Readonly<Record<ProtocolName, string>> = { smpp: 'rappel', ucp: '38001' }

export const simulatorOptionsSchema = settings
  .superRefine(({ protocol, receipts, faults }, context) => {
    const plan = faultPlanFor(protocol).safeParse(faults)
    for (const { path, message } of plan.error?.issues ?? []) {
      context.addIssue({ code: 'custom', path: ['faults', ...path], message })
    }
    const formats: readonly ReceiptFormat[] = receiptFormats[protocol]
    for (const format of [receipts.format, ...receipts.rules.map(rule => rule.format ?? receipts.format)]) {
      if (formats.includes(format)) continue
      const message = `format ${format} is not of ${protocol}: ${formats.join(', ')}`
      context.addIssue({ code: 'custom', path: ['receipts'], message })
    }
  })
  .transform(settled => ({
    ...settled,
    accounts: settled.accounts ?? [
      accountSchema.parse({ systemId: usualLogin[settled.protocol], password: 'secret' }),
    ],
  }))

/** As given by the caller: every key may be absent. */
export type SimulatorOptions = z.input<typeof simulatorOptionsSchema>

/** With every default filled in. */
export type SimulatorSettings = z.output<typeof simulatorOptionsSchema>

export type Account = SimulatorSettings['accounts'][number]

/**
 * Fills in the defaults.
 *
 * @throws Error with one readable line per wrong key
 */
export function settleOptions(options: SimulatorOptions): SimulatorSettings {
  const parsed = simulatorOptionsSchema.safeParse(options)
  if (!parsed.success) throw new Error(`simulator options: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}
