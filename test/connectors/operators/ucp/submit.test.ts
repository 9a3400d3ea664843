import test from 'ava'
import fc from 'fast-check'
import type { OutgoingPart } from '../../../../connectors/operator.ts'
import { type UcpConfigInput, ucpConfigSchema } from '../../../../connectors/operators/ucp/config.ts'
import { parseFrame } from '../../../../connectors/operators/ucp/frame.ts'
import { readIncoming } from '../../../../connectors/operators/ucp/incoming.ts'
import { loginFields } from '../../../../connectors/operators/ucp/login.ts'
import {
  buildOperation,
  type OperationFields,
  readOperation,
} from '../../../../connectors/operators/ucp/operations.ts'
import { createSubmitEncoder } from '../../../../connectors/operators/ucp/submit.ts'
import { gsmDefaultTable } from '../../../../templates/text/gsm-alphabet.ts'
import { splitText } from '../../../../templates/text/segments.ts'
import { part } from './link-under-test.ts'
import { vectors } from './vectors.ts'

const nowMs = Date.UTC(2027, 2, 15, 9, 5, 0)

function configOf(settings: Partial<UcpConfigInput> = {}) {
  return ucpConfigSchema.parse({ host: 'smsc', port: 5000, shortCode: '38001', ...settings })
}

function encode(fields: Partial<OutgoingPart>, settings: Partial<UcpConfigInput> = {}, trn = 0) {
  return createSubmitEncoder(configOf(settings)).encode(part(1, fields), trn, nowMs)
}

function fieldsOf(
  fields: Partial<OutgoingPart>,
  settings: Partial<UcpConfigInput> = {},
): OperationFields<51> {
  const encoding = encode(fields, settings)
  if (encoding.kind === 'refused') throw new Error(encoding.refusal.statusName)
  const frame = parseFrame(encoding.text)
  if (frame.kind === 'malformed') throw new Error(frame.reason)
  const reading = readOperation(51, frame)
  if (reading.kind === 'malformed') throw new Error(reading.reason)
  return reading.fields
}

const phone = '22670112233'
const longText =
  'Votre contrat auto arrive a echeance le 15/03/2027. Merci de regulariser votre prime de 45 000 FCFA aupres de votre agence de Ouagadougou ou par mobile money. Passe ce delai la garantie sera suspendue.'
const changeable = { allowOriginatorChange: true }

const submits: [keyof typeof vectors, number, Partial<OutgoingPart>, Partial<UcpConfigInput>][] = [
  [
    'F6',
    2,
    {
      recipient: phone,
      text: 'Votre assurance AUTO expire le 15/03/2027. Merci de passer en agence. Cout: 45 000 F',
      validitySeconds: (Date.UTC(2027, 2, 16, 22, 0) - nowMs) / 1000,
    },
    { notificationPid: '0539' },
  ],
  [
    'F9',
    4,
    {
      recipient: '22651112233',
      sender: 'ASSURANCE',
      text: "Échéance: réglez votre prime à l'agence [Ouaga] avant le 15/03. Montant 45€",
    },
    { ...changeable, notificationTypes: 7, notificationPid: '0539' },
  ],
  [
    'F10',
    5,
    { recipient: phone, sender: '+22625000000', encoding: 'ucs2', text: 'Fête: bonne année ç ☺' },
    changeable,
  ],
  [
    'F11a',
    6,
    { recipient: phone, text: longText.slice(0, 153), partNumber: 1, partCount: 2, reference: 0x7a },
    {},
  ],
  [
    'F11b',
    7,
    { recipient: phone, text: longText.slice(153), partNumber: 2, partCount: 2, reference: 0x7a },
    {},
  ],
]

for (const [name, trn, fields, settings] of submits) {
  test(`a part is written as ${name}, byte for byte`, t => {
    t.deepEqual(encode(fields, settings, trn), { kind: 'frame', text: vectors[name] })
  })
}

test('the login is written as F1, byte for byte', t => {
  const config = configOf({ password: 'S3cret!', accountOpid: '39' })
  t.is(buildOperation(60, 0, loginFields(config)), vectors.F1)
  const other = loginFields(
    configOf({ account: '07656765', accountTon: '2', accountNpi: '1', password: 'Password' }),
  )
  t.is(buildOperation(60, 2, other), '02/00059/O/60/07656765/2/1/1/50617373776F7264//0100//////61')
})

test('the recipient is spelt as the connection wants it', t => {
  t.is(fieldsOf({ recipient: phone }).AdC, '0022670112233')
  t.is(fieldsOf({ recipient: `+${phone}` }, { recipientFormat: 'international' }).AdC, phone)
  const burkina = { recipientFormat: 'national', national: { countryCode: '226', length: 8 } } as const
  t.is(fieldsOf({ recipient: phone }, burkina).AdC, '70112233')
  const france = {
    recipientFormat: 'national',
    national: { countryCode: '33', length: 10, trunkPrefix: '0' },
  } as const
  t.is(fieldsOf({ recipient: '33612345678' }, france).AdC, '0612345678')
})

test('a recipient that has no spelling is refused as EC 06, before a byte leaves', t => {
  const burkina = { recipientFormat: 'national', national: { countryCode: '226', length: 8 } } as const
  const refusal = { status: 6, statusName: 'EC 06 AdC invalid', refusal: 'invalid-recipient' } as const
  t.deepEqual(encode({ recipient: '33612345678' }, burkina), { kind: 'refused', refusal })
  t.deepEqual(encode({ recipient: '12A4' }), { kind: 'refused', refusal })
  t.deepEqual(encode({ recipient: '123456789012345' }), { kind: 'refused', refusal })
  t.deepEqual(encode({ recipient: '' }), { kind: 'refused', refusal })
})

test('without the originator change in the contract another sender is refused, never changed in silence', t => {
  const refusal = { status: 0, statusName: 'originator-not-in-contract', refusal: 'route' } as const
  for (const sender of ['ASSURANCE', '+22625000000', '38002']) {
    t.deepEqual(encode({ sender }), { kind: 'refused', refusal })
  }
  for (const sender of ['38001', ' 38001 ', '']) t.is(fieldsOf({ sender }).OAdC, '38001')
})

test('with it, numbers and names leave under their type of address', t => {
  t.like(fieldsOf({ sender: '38002' }, changeable), { OAdC: '38002', OTOA: '' })
  t.like(fieldsOf({ sender: '+22625000000' }, changeable), { OAdC: '22625000000', OTOA: '1139' })
  t.like(fieldsOf({ sender: '+22625000000' }, { ...changeable, internationalOtoa: 'none' }), { OTOA: '' })
  t.like(fieldsOf({ sender: 'SONAR' }, changeable), { OAdC: '09D3A7332805', OTOA: '5039' })
  const refused = encode({ sender: 'SOCIETE NATIONALE' }, changeable)
  t.like(refused, { kind: 'refused', refusal: { statusName: 'originator-not-encodable', refusal: 'route' } })
})

test('texts that are too long or not of their alphabet are refused', t => {
  const tooLong = { kind: 'refused', refusal: { status: 24, refusal: 'permanent' } } as const
  t.like(encode({ text: 'a'.repeat(161) }), tooLong)
  t.like(encode({ text: 'a'.repeat(154), partCount: 2, reference: 1 }), tooLong)
  t.like(encode({ text: 'ê'.repeat(71), encoding: 'ucs2' }), tooLong)
  t.like(encode({ text: 'fête' }), { kind: 'refused', refusal: { status: 28 } })
  t.is(fieldsOf({ text: 'a'.repeat(160) }).Msg.length, 320)
})

test('the text is written in the alphabet of the connection', t => {
  const text = '@ $ é [€'
  t.is(fieldsOf({ text }).Msg, '00200220' + '0520' + '1B3C' + '1B65')
  t.is(
    fieldsOf({ text }, { alphabet: 'latin1' }).Msg,
    Buffer.from('@ $ é [?', 'latin1').toString('hex').toUpperCase(),
  )
  t.is(fieldsOf({ text }, { alphabet: 'ascii' }).Msg, Buffer.from('@ $ e [?').toString('hex').toUpperCase())
})

test('a message for the screen is marked by MCLs or by the data coding', t => {
  t.like(fieldsOf({ isFlash: true }), { MCLs: '0', XSer: '' })
  t.like(fieldsOf({ isFlash: true }, { flash: 'xser' }), { MCLs: '', XSer: '020110' })
  t.like(fieldsOf({ isFlash: true }, { flash: 'off' }), { MCLs: '', XSer: '' })
  const ucs2 = { isFlash: true, encoding: 'ucs2', text: 'ê' } as const
  t.like(fieldsOf(ucs2), { MCLs: '0', XSer: '020108' })
  t.like(fieldsOf(ucs2, { flash: 'xser' }), { MCLs: '', XSer: '020118' })
  t.like(fieldsOf({ encoding: 'ucs2', text: 'ê' }, { sendMcls: true }), { MCLs: '1', XSer: '020108' })
})

test('notifications, billing identifier and validity are as the connection is set', t => {
  t.like(fieldsOf({ requestReceipt: false }), { NRq: '', NT: '', VP: '' })
  t.like(fieldsOf({}, { notificationTypes: 0, notificationAddress: '1920870340125000' }), {
    NRq: '1',
    NT: '',
    NAdC: '1920870340125000',
  })
  t.is(
    fieldsOf({ reference: 3, partCount: 2 }, { billingIdentifier: 'AB' }).XSer,
    '0106050003030201' + '0C024142',
  )
  const validitySeconds = 3601
  t.is(fieldsOf({ validitySeconds }).VP, '1503271006')
  t.is(fieldsOf({ validitySeconds }, { timeZone: 'Europe/Paris' }).VP, '1503271106')
  t.is(fieldsOf({ validitySeconds: 9e9 }).VP, '1705270905')
  t.is(fieldsOf({ validitySeconds }, { validityFormat: 'none' }).VP, '')
})

test('a part of a long text may leave as packed septets behind its header', t => {
  const fields = fieldsOf({ text: 'hellohello', partCount: 2, reference: 0x7a }, { partsAs: 'transparent' })
  t.like(fields, { MT: '4', NB: '0071', XSer: '01060500037A0201020100' })
  // One fill bit, then "hellohello" as every book packs it: E8329BFD4697D9EC37 shifted by one bit.
  t.is(fields.Msg, 'D06536FB8D2EB3D96F')
})

test('what is written is read again, part by part, in every way of writing', t => {
  const gsm = fc.string({
    unit: fc.constantFrom(...gsmDefaultTable.replaceAll('\u001b', '').replace('Ç', ''), '€', '[', '~'),
    minLength: 1,
    maxLength: 400,
  })
  const ucs2 = fc.string({ unit: fc.constantFrom(...'aê☺你', '😀'), minLength: 1, maxLength: 200 })
  const ways = fc.constantFrom<Partial<UcpConfigInput>>(
    {},
    { partsAs: 'transparent' },
    { billingIdentifier: 'X' },
  )
  fc.assert(
    fc.property(
      fc.oneof(
        gsm.map(text => ({ text, encoding: 'gsm7' as const })),
        ucs2.map(text => ({ text, encoding: 'ucs2' as const })),
      ),
      ways,
      ({ text, encoding }, way) => {
        const pieces = splitText(text, { encoding, referenceBits: 8 }).parts
        const read = pieces.map((piece, index) => {
          const position = { partNumber: index + 1, partCount: pieces.length, reference: 9 }
          const sent = fieldsOf({ text: piece, encoding, ...position }, way)
          const reading = readIncoming(sent, configOf())
          if (reading.kind === 'malformed') throw new Error(reading.reason)
          t.is(reading.part.partCount, pieces.length)
          t.is(reading.part.partNumber, index + 1)
          return reading.part.text
        })
        t.is(read.join(''), text)
      },
    ),
    { numRuns: 60 },
  )
})

test('settings that cannot be right stop the start and name the key', t => {
  const wrong: [Partial<UcpConfigInput>, string][] = [
    [{ recipientFormat: 'national' }, 'national'],
    [{ shortCode: 'ASSUR' }, 'shortCode'],
    [{ timeZone: 'Africa/Atlantis' }, 'timeZone'],
    [{ window: 101 }, 'window'],
    [{ password: 'more than sixteen' }, 'password'],
    [{ refusedRetrySeconds: 10 }, 'refusedRetrySeconds'],
    [{ ecClasses: { 7: 'link' } }, 'ecClasses'],
    [{ localAddress: 'tunnel0' }, 'localAddress'],
  ]
  for (const [settings, key] of wrong) {
    const result = ucpConfigSchema.safeParse({ host: 'smsc', port: 5000, shortCode: '38001', ...settings })
    t.is(String(result.error?.issues[0]?.path[0]), key)
  }
})
