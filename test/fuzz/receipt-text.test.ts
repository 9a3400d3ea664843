/** Texts of delivery receipts, and the PDUs that carry them. */
import test from 'ava'
import fc from 'fast-check'
import { readReceipt } from '../../connectors/operators/smpp/receipt.ts'
import { parseReceiptText } from '../../connectors/operators/smpp/receipt-text.ts'
import { shortMessage } from '../../connectors/operators/smpp/short-message.ts'
import { fuzz } from './fuzz.ts'
import { assembled, mutated } from './mutations.ts'

const corpus = [
  'id:439041101 sub:001 dlvrd:001 submit date:2703150905 done date:2703150906 stat:DELIVRD err:000 text:Votre contrat',
  'ID:1A2B3C4D SUB:001 DLVRD:000 SUBMIT DATE:270315090500 DONE DATE:270315090601 STAT:UNDELIV ERR:001 TEXT:',
  'stat:EXPIRED err:3 done date:2703150906 submit date:2703150905 id:0000000042',
  'message_id=42, status=DELIVERED, error=0',
  'DELIVRD,2027-03-15 09:06,2027-03-15 09:05,000,22670000001,38001,,439041101',
]
const pieces = [
  'id:',
  'stat:',
  'err:',
  'text:',
  'submit date:',
  ' ',
  ',',
  ';',
  '|',
  ':',
  '=',
  'DELIVRD',
  '0',
  '\0',
  '\x11',
  '__proto__',
  'constructor',
]
const text = fc.oneof(mutated(corpus, pieces), assembled(pieces, 200), fc.string({ unit: 'binary' }))

test('any text is a receipt within its limits, or none', async t => {
  await fuzz(t, text, written => {
    const read = parseReceiptText(written)
    if (read === null) return true
    const { id, stat, err, submitDate, text: prefix } = read
    return (
      id.length <= 64 &&
      stat.length <= 16 &&
      err.length <= 16 &&
      submitDate.length <= 20 &&
      prefix.length <= 160
    )
  })
})

test('any deliver_sm is a receipt with a state of ours, or none', async t => {
  const message = fc.record({
    esmClass: fc.constantFrom(0, 4, 8, 0x20, 0x40, 0x44, 0xff),
    dataCoding: fc.nat(255),
    source: fc.oneof(fc.constantFrom('22670000001', '+22670000001', ''), fc.string({ maxLength: 21 })),
    shortMessage: text.map(written => Buffer.from(written.slice(0, 5_000), 'latin1')),
    tlvs: fc.array(
      fc.record({
        tag: fc.constantFrom(0x1e, 0x427, 0x423, 0x424, 0x99),
        value: fc.uint8Array({ maxLength: 70 }),
      }),
      { maxLength: 4 },
    ),
  })
  const mode = fc.constantFrom('same', 'hex-answer', 'decimal-answer', 'auto')
  const states = new Set(['delivered', 'undelivered', 'expired', 'rejected', 'intermediate', 'unknown'])
  await fuzz(t, fc.tuple(message, mode), ([fields, receiptIdMode]) => {
    const read = readReceipt(shortMessage(fields), { receiptIdMode, smscUtcOffsetMinutes: 0 })
    if (read.kind === 'not-a-receipt') return true
    const { remoteIdKeys, state, detail, textPrefix, submittedAtMs } = read.receipt
    return (
      states.has(state) &&
      detail.length <= 64 &&
      textPrefix.length <= 160 &&
      remoteIdKeys.length <= 6 &&
      remoteIdKeys.every(key => key.length <= 80) &&
      (submittedAtMs === null || Number.isSafeInteger(submittedAtMs))
    )
  })
})
