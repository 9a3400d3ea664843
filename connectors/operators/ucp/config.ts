/** What a UCP connection is told: one zod schema with units, defaults and the reason of each default. */
import { z } from 'zod'
import {
  ownAddress,
  partsPerSecond,
  printable,
  refusalClasses,
  seconds,
  throughputGroup,
} from '../config-fields.ts'
import { isTimeZone } from './local-time.ts'

const port = z.number().int().min(1).max(65_535)
const digits = (longest: number) =>
  z.string().regex(new RegExp(`^\\d{1,${longest}}$`), `1 to ${longest} digits`)
const digitsOrNothing = (longest: number) =>
  z.string().regex(new RegExp(`^\\d{0,${longest}}$`), `at most ${longest} digits`)
const pid = z.string().regex(/^\d{4}$/, 'a PID of 4 digits, as 0539')

const settings = z.strictObject({
  host: z.string().min(1).max(253).describe('Name or address of the SMSC'),
  port: port.describe('TCP port, of the operator’s choice: none is registered'),
  secondaryHost: z
    .string()
    .min(1)
    .max(253)
    .optional()
    .describe('Second address of the SMSC; the two take turns while attempts fail'),
  secondaryPort: port.optional().describe('Port of the second address; default: port'),
  localAddress: ownAddress
    .optional()
    .describe('Source address of the connection, for an IPsec tunnel or a filter'),
  login: z
    .enum(['operation-60', 'none'])
    .default('operation-60')
    .describe('none: the operator knows us by our address, no session is opened'),
  shortCode: digits(16).describe('Our number: OAdC of what we send, AdC of the keep-alive'),
  account: digits(16).optional().describe('Login of operation 60; default: shortCode'),
  password: printable(16).default('').describe('At most 16 characters, as PWD holds'),
  accountTon: z
    .enum(['1', '2', '6'])
    .default('6')
    .describe('OTON of the login: 1 international, 2 national, 6 short number'),
  accountNpi: z.enum(['1', '3', '5']).default('5').describe('ONPI of the login: 1 E.164, 3 X.121, 5 private'),
  accountOpid: z.enum(['', '00', '39']).default('').describe('OPID of the login: 39 is a PC application'),
  authenticationCode: digitsOrNothing(16)
    .default('')
    .describe('AC of each submit; empty once a session is open'),

  window: z
    .number()
    .int()
    .min(1)
    .max(100)
    .default(10)
    .describe('Operations awaiting their result, as agreed with the operator; 1 is stop-and-wait'),
  partsPerSecond,
  throughputGroup,

  recipientFormat: z
    .enum(['international-00', 'international', 'national'])
    .default('international-00')
    .describe('Spelling of the phone: 0022670…, 22670… or as dialled in the country'),
  national: z
    .strictObject({
      countryCode: z.string().regex(/^[1-9]\d{0,2}$/, 'a country code, as 226'),
      length: z.number().int().min(4).max(14).describe('Digits of a national number, trunk prefix included'),
      trunkPrefix: digitsOrNothing(2).default('').describe('0 in France; none in Burkina Faso'),
    })
    .optional()
    .describe(
      'How numbers of the country are written; needed to write them, and to read those of notifications',
    ),
  allowOriginatorChange: z
    .boolean()
    .default(false)
    .describe(
      'The contract has the OADC change option; without it a message under another sender is refused',
    ),
  internationalOtoa: z.enum(['1139', 'none']).default('1139').describe('OTOA of a sender that begins with +'),

  alphabet: z
    .enum(['gsm0338', 'ascii', 'latin1'])
    .default('gsm0338')
    .describe('What this SMSC means by alphanumeric text (MT 3); try @ $ _ é è à €'),
  partsAs: z
    .enum(['text', 'transparent'])
    .default('text')
    .describe(
      'Parts of a long GSM-7 text as MT 3, or as packed septets in MT 4 for SMSCs that take a header only so',
    ),
  sendMcls: z
    .boolean()
    .default(false)
    .describe('MCLs 1 with transparent data beside XSer 02, for SMSCs that insist on it'),
  flash: z
    .enum(['mcls', 'xser', 'off'])
    .default('mcls')
    .describe('How a message for the screen is marked: MCLs 0, data coding 10/18 in XSer 02, or not at all'),
  notificationTypes: z
    .number()
    .int()
    .min(0)
    .max(7)
    .default(3)
    .describe('NT: 1 delivered, 2 not delivered, 4 buffered, summed; 0 leaves it to the operator'),
  notificationAddress: digitsOrNothing(16)
    .default('')
    .describe('NAdC; empty brings notifications over this same connection'),
  notificationPid: pid.or(z.literal('')).default('').describe('NPID; 0539 where the operator wants it'),
  validityFormat: z
    .enum(['absolute', 'none'])
    .default('absolute')
    .describe('VP is absolute and needs clocks that agree; none leaves validity to the operator'),
  timeZone: z
    .string()
    .max(64)
    .refine(isTimeZone, 'a time zone, as Africa/Ouagadougou')
    .default('UTC')
    .describe('Zone of every time in the protocol: validity, SCTS, DSCTS'),
  billingIdentifier: printable(40)
    .default('')
    .describe('XSer 0C of each submit, where the operator bills by it'),
  ecClasses: z
    .record(z.string().regex(/^\d\d$/, 'an error code of 2 digits, as 91'), z.enum(refusalClasses))
    .default({})
    .describe('Meaning of error codes that differs from the standard table'),

  phoneSpacingSeconds: z
    .number()
    .min(0)
    .max(60)
    .default(1)
    .describe(
      'Wait between parts to one phone: phone and second are the only message id; 0 for SMSCs of another id',
    ),
  maxHeldParts: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(500)
    .describe('Parts held back for that wait; nothing more is taken above'),

  keepAliveSeconds: seconds(50, 'Operation 31 is sent after no operation of ours for'),
  keepAlivePid: pid.default('0539').describe('PID of operation 31'),
  connectSeconds: seconds(10, 'TCP must be up within'),
  loginSeconds: seconds(30, 'The login must be answered within'),
  answerSeconds: seconds(60, 'An operation without result counts as unknown after'),
  halfFrameSeconds: seconds(10, 'A frame that has begun must be complete within'),
  drainSeconds: seconds(30, 'On stop, outstanding results are awaited for'),
  refusedRetrySeconds: z
    .number()
    .min(300, 'SMSCs lock accounts that try a wrong password often')
    .max(86_400)
    .default(300)
    .describe('A refused login is tried again after, seconds'),
  maxUnacknowledged: z
    .number()
    .int()
    .min(10)
    .max(100_000)
    .default(1000)
    .describe(
      'Notifications and incoming messages not yet stored; reading stops above. The protocol knows 100',
    ),
})

export const ucpConfigSchema = settings.superRefine((config, context) => {
  if (config.recipientFormat !== 'national' || config.national !== undefined) return
  context.addIssue({ code: 'custom', path: ['national'], message: 'needed with recipientFormat national' })
})

export type UcpConfig = z.output<typeof ucpConfigSchema>
/** What a person writes: everything with a default may be left out. */
export type UcpConfigInput = z.input<typeof ucpConfigSchema>
