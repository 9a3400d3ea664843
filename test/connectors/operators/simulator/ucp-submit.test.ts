/** What the simulated SMSC understands of the frames of the standard, with its own tables. */
import test from 'ava'
import { textOf } from '../../../../connectors/operators/simulator/submitted-part.ts'
import { readSubmit } from '../../../../connectors/operators/simulator/ucp/submit.ts'
import { parseFrame } from '../../../../connectors/operators/ucp/frame.ts'
import { buildOperation, type OperationFields } from '../../../../connectors/operators/ucp/operations.ts'
import { vectors } from '../ucp/vectors.ts'

function read(text: string) {
  const frame = parseFrame(text)
  if (frame.kind === 'malformed') throw new Error(frame.reason)
  return readSubmit(frame)
}

function partOf(text: string) {
  const reading = read(text)
  if (reading.kind === 'malformed') throw new Error(reading.reason)
  return { ...reading.part, text: textOf(reading.part, 'gsm') }
}

test('the submits of the standard are read to the letter', t => {
  t.like(partOf(vectors.F6), {
    address: '0022670112233',
    recipient: '22670112233',
    sender: '38001',
    senderTon: 3,
    registeredDelivery: 1,
    validityPeriod: '1603272200',
    text: 'Votre assurance AUTO expire le 15/03/2027. Merci de passer en agence. Cout: 45 000 F',
  })
  t.like(partOf(vectors.F9), {
    sender: 'ASSURANCE',
    senderTon: 5,
    registeredDelivery: 0x11,
    text: "Échéance: réglez votre prime à l'agence [Ouaga] avant le 15/03. Montant 45€".replace(
      'É',
      '\u00c9',
    ),
  })
  t.like(partOf(vectors.F10), { sender: '22625000000', senderTon: 1, dataCoding: 8 })
  t.is(partOf(vectors.F10).text, 'Fête: bonne année ç ☺'.replace('ç ☺', '\u00e7 \u263a'))
  const [first, second] = [partOf(vectors.F11a), partOf(vectors.F11b)]
  t.like(first, { reference: 0x7a, partNumber: 1, partCount: 2, esmClass: 0x40 })
  t.like(second, { reference: 0x7a, partNumber: 2, partCount: 2 })
  t.regex(first.text + second.text, /par mobile money\. Passe ce delai/)
})

const good: Partial<OperationFields<51>> = { AdC: '0022670112233', OAdC: '38001', MT: '3', Msg: '426F6E' }

for (const [what, fields, code] of [
  ['no recipient', { AdC: '' }, 6],
  ['a recipient of letters', { AdC: '+22670112233' }, 6],
  ['a recipient of 17 digits', { AdC: '1'.repeat(17) }, 6],
  ['no sender', { OAdC: '' }, 2],
  ['a name that is no hex', { OAdC: 'KIBARE', OTOA: '5039' }, 2],
  ['a name that says it is longer than it is', { OAdC: '14C1', OTOA: '5039' }, 2],
  ['an unknown type of sender', { OTOA: '1234' }, 2],
  ['a validity that is no time', { VP: '16032722' }, 22],
  ['a field of the SMSC', { SCTS: '150327090512' }, 2],
  ['another type of message', { MT: '5' }, 23],
  ['digits that are none', { MT: '2', Msg: '12A' }, 2],
  ['half an octet', { Msg: '426' }, 2],
  ['161 characters', { Msg: '41'.repeat(161) }, 24],
  ['154 characters beside a header', { Msg: '41'.repeat(154), XSer: '01060500037A0201' }, 24],
  ['141 octets', { MT: '4', NB: '1128', Msg: '41'.repeat(141) }, 24],
  ['NB of another length', { MT: '4', NB: '0032', Msg: '414243' }, 2],
  ['no NB', { MT: '4', Msg: '414243' }, 2],
  ['services that end too early', { XSer: '01060500' }, 2],
  ['a header that says another length', { XSer: '01060600037A0201' }, 2],
] as const) {
  test(`a submit with ${what} is refused with EC ${code}`, t => {
    t.like(read(buildOperation(51, 1, { ...good, ...fields })), { kind: 'malformed', code })
  })
}

test('digits, data and 153 characters beside a header are taken', t => {
  t.is(partOf(buildOperation(51, 1, { ...good, MT: '2', Msg: '0123' })).text, '0123')
  t.is(partOf(buildOperation(51, 1, { ...good, MT: '4', NB: '0024', Msg: '41FF00' })).text, '41ff00')
  const long = { Msg: '41'.repeat(153), XSer: '01060500037A0201' }
  t.is(partOf(buildOperation(51, 1, { ...good, ...long })).text.length, 153)
})
