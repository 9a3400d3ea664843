/** What an SMPP connection is told: one zod schema with units, defaults and the reason of each default. */
import { z } from 'zod'
import { isCertificatePem, isPrivateKeyPem } from '../../pem.ts'
import {
  ownAddress,
  partsPerSecond,
  printable,
  refusalClasses,
  seconds,
  throughputGroup,
} from '../config-fields.ts'

const octet = z.number().int().min(0).max(255)

const tonNpi = (ton: number, npi: number) =>
  z
    .strictObject({ ton: z.number().int().min(0).max(7), npi: z.number().int().min(0).max(18) })
    .default({ ton, npi })

/** A chain of certificates with their comments fits many times over. */
const longestPem = 100_000
const certificate = z.string().max(longestPem).refine(isCertificatePem, 'a certificate, PEM')

const tlsSchema = z
  .strictObject({
    caPem: certificate
      .optional()
      .describe('Certificates that may sign the operator’s, PEM; default: those of the system'),
    serverName: z.string().max(253).optional().describe('Name the certificate must bear; default: host'),
    certPem: certificate.optional().describe('Our own certificate, PEM, when the operator asks for one'),
    keyPem: z
      .string()
      .max(longestPem)
      .refine(isPrivateKeyPem, 'a private key without passphrase, PEM')
      .optional()
      .describe('Its private key, PEM'),
    verifyPeer: z
      .boolean()
      .default(true)
      .describe('false accepts any certificate: only for a first diagnosis'),
  })
  .optional()
  .describe('Present: TLS from the first octet')

const settings = z.strictObject({
  host: z.string().min(1).max(253).describe('Name or address of the SMSC'),
  port: z.number().int().min(1).max(65_535).default(2775).describe('TCP port; 2775 is the registered one'),
  localAddress: ownAddress.optional().describe('Source address of the connection, for a tunnel or a filter'),
  tls: tlsSchema,
  systemId: printable(15).min(1).describe('Account name, at most 15 characters'),
  password: printable(64)
    .default('')
    .describe('The standard allows 8 characters; many SMSCs take more, so up to 64 are sent'),
  systemType: printable(12).default('').describe('Usually empty; some operators ask for a value'),
  interfaceVersion: octet.default(0x34).describe('0x34 for 3.4, 0x50 for 5.0, 0x33 for 3.3'),
  addressTon: octet.default(0),
  addressNpi: octet.default(0),
  addressRange: printable(40).default('').describe('Rarely used: the short code a receiver wants'),
  outbind: z
    .strictObject({
      listenPort: z.number().int().min(0).max(65_535).describe('TCP port on which the SMSC calls us'),
      listenAddress: ownAddress.default('0.0.0.0'),
      smscSystemId: printable(16).default('').describe('system_id of its outbind; empty takes any'),
    })
    .optional()
    .describe(
      'The SMSC opens the connection, from an address of host, and says outbind; we then bind over it',
    ),
  connections: z
    .number()
    .int()
    .min(1)
    .max(16)
    .default(1)
    .describe(
      'Binds at once with this account, when the operator grants several; they share load and throughput',
    ),
  bindMode: z
    .enum(['transceiver', 'transmitter+receiver', 'transmitter', 'receiver'])
    .default('transceiver')
    .describe('A pair for SMSCs that know no transceiver'),
  window: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe('Submits awaiting their answer; many SMSCs refuse more than 10'),
  partsPerSecond,
  throughputGroup,

  serviceType: printable(5).default(''),
  shortCodeAddress: tonNpi(3, 0).describe('TON/NPI of a sender of at most 8 digits'),
  alphanumericAddress: tonNpi(5, 0).describe('TON/NPI of a sender that is a name'),
  internationalAddress: tonNpi(1, 1).describe('TON/NPI of a sender that begins with +'),
  nationalAddress: tonNpi(2, 1).describe('TON/NPI of any other sender'),
  destinationAddress: tonNpi(1, 1).describe('TON/NPI of the recipient'),
  defaultAlphabet: z
    .enum(['gsm', 'latin1', 'ascii', 'cp1252'])
    .default('gsm')
    .describe('What this SMSC means by its default alphabet; try @ $ _ é è à €'),
  textDataCoding: octet.default(0).describe('data_coding of a text in the default alphabet'),
  ucs2DataCoding: octet.default(8).describe('data_coding of a UTF-16 text'),
  flash: z
    .enum(['class-f0', 'class-10', 'dest-addr-subunit', 'off'])
    .default('class-f0')
    .describe('How a message for the screen is marked: data_coding F0/18, 10/18, TLV 0005, or not at all'),
  longMessages: z
    .enum(['udh8', 'udh16', 'sar', 'payload'])
    .default('udh8')
    .describe('How parts are tied together: user data header, sar_* TLVs, or message_payload'),
  esmMode: z
    .number()
    .int()
    .min(0)
    .max(3)
    .default(0)
    .describe('Messaging mode bits; 3 for SMSCs that want store & forward'),
  priority: z.number().int().min(0).max(3).default(0),
  validityFormat: z
    .enum(['relative', 'absolute', 'none'])
    .default('relative')
    .describe('Relative needs no agreement about clocks; none leaves validity to the operator'),
  intermediateReceipts: z.boolean().default(false).describe('Ask for buffered/en route receipts as well'),

  receiptIdMode: z
    .enum(['same', 'hex-answer', 'decimal-answer', 'auto'])
    .default('auto')
    .describe('Spelling of message ids: hex-answer is hex in the answer and decimal in the receipt'),
  smscUtcOffsetMinutes: z
    .number()
    .int()
    .min(-720)
    .max(840)
    .default(0)
    .describe('Zone of the dates inside receipts, minutes east of UTC'),
  statusClasses: z
    .record(z.string().regex(/^0x[0-9a-f]{1,8}$/, 'a command_status like 0x40b'), z.enum(refusalClasses))
    .default({})
    .describe('Meaning of command_status values that differs from the standard table'),

  connectSeconds: seconds(10, 'TCP and TLS must be up within'),
  bindSeconds: seconds(30, 'The bind must be answered within'),
  enquireLinkSeconds: seconds(30, 'Silence after which the peer is asked whether it is alive'),
  enquireLinkAnswerSeconds: seconds(
    15,
    'One enquire_link must be answered within; two misses rebuild the bind',
  ),
  answerSeconds: seconds(60, 'A submit without answer counts as unknown after'),
  halfPduSeconds: seconds(10, 'A PDU that has begun must be complete within'),
  unbindSeconds: seconds(5, 'The unbind must be answered within'),
  drainSeconds: seconds(30, 'On stop, outstanding answers are awaited for'),
  refusedRetrySeconds: z
    .number()
    .min(300, 'SMSCs lock accounts that try a wrong password often')
    .max(86_400)
    .default(300)
    .describe('A refused bind is tried again after, seconds'),
  maxUnacknowledged: z
    .number()
    .int()
    .min(10)
    .max(100_000)
    .default(5000)
    .describe('Receipts and incoming messages not yet stored; reading stops above, at some 1 kB each'),
})

export const smppConfigSchema = settings.superRefine(
  ({ outbind, bindMode, connections, tls }, { addIssue }) => {
    if (outbind === undefined) return
    const refuse = (path: string, message: string): void =>
      addIssue({ code: 'custom', path: [path], message })
    if (bindMode !== 'receiver' && bindMode !== 'transceiver') {
      refuse('bindMode', 'receiver or transceiver: an outbind opens one connection')
    }
    if (connections !== 1) refuse('connections', '1: an outbind opens one connection')
    if (tls !== undefined) refuse('tls', 'absent: an SMSC that calls us does so without TLS')
  },
)

export type SmppConfig = z.output<typeof smppConfigSchema>
/** What a person writes: everything with a default may be left out. */
export type SmppConfigInput = z.input<typeof smppConfigSchema>
