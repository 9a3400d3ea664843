/** Kannel's own decoder reads the UCP frames that our link and its peer exchange. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'
import { ucpConfigSchema } from '../../connectors/operators/ucp/config.ts'
import { createSubmitEncoder } from '../../connectors/operators/ucp/submit.ts'
import { quotedFrames, vectors } from '../connectors/operators/ucp/vectors.ts'
import { findProgram, serverAvailable } from '../support/server-process.ts'
import { outgoing } from './independent-link.ts'

const run = promisify(execFile)
const decoder = findProgram('decode_emimsg', ['/usr/bin'])
const kannelTest = serverAvailable("Kannel's decode_emimsg (kannel)", decoder) ? test : test.skip

/** Field names and values as Kannel prints them; null when it calls the frame invalid. */
async function decode(frame: string): Promise<Record<string, string> | null> {
  const { stdout } = await run(decoder!, [frame], { encoding: 'latin1' })
  const fields = stdout
    .split('\n')
    .map(line => /^(\w+)\s*\t(.*)$/.exec(line))
    .flatMap(match => (match === null ? [] : [[match[1]!, match[2]!] as const]))
  return fields.length === 0 ? null : Object.fromEntries(fields)
}

kannelTest(
  'Kannel reads every frame of the facts whose operation it knows, and refuses altered ones',
  async t => {
    // Operation 30 is older than its table, and a result of 01 ends it.
    const known = [...Object.values(vectors), ...quotedFrames].filter(
      frame => !/\/([OR]\/30|R\/01)\//.test(frame),
    )
    t.is(known.length, 30)
    for (const frame of known) {
      const read = await decode(frame)
      t.is(Number(read?.TRN), Number(frame.slice(0, 2)), frame)
      t.true(read?.OPERATION?.startsWith(String(Number(frame.slice(11, 13)))), frame)
    }
    t.is(await decode(vectors.F6.replace('38001', '38002')), null, 'a wrong checksum')
    t.is(await decode(vectors.F6.replace('00252', '00251')), null, 'a wrong length')
  },
)

kannelTest('Kannel reads what the link submits as it was meant', async t => {
  const config = ucpConfigSchema.parse({
    host: '127.0.0.1',
    port: 1,
    shortCode: '38001',
    allowOriginatorChange: true,
    validityFormat: 'absolute',
  })
  const encoder = createSubmitEncoder(config)
  const nowMs = Date.UTC(2027, 2, 15, 9, 5)
  const submitted = async (part: ReturnType<typeof outgoing>): Promise<Record<string, string> | null> => {
    const encoding = encoder.encode(part, 7, nowMs)
    return encoding.kind === 'frame' ? await decode(encoding.text) : null
  }
  t.like(await submitted(outgoing(1, { sender: '38001', text: 'Prime de 45 000 F, merci.' })), {
    OPERATION: '51 (Submit Short Message operation)',
    E50_ADC: '0022670000001',
    E50_OADC: '38001',
    E50_NRQ: '1',
    E50_NT: '3',
    E50_VP: '1603270905',
    E50_MT: '3',
    E50_AMSG: 'Prime de 45 000 F, merci.',
  })
  t.like(
    await submitted(
      outgoing(2, { sender: 'ASSURANCE', text: 'part two', partNumber: 2, partCount: 2, reference: 0x7a }),
    ),
    {
      E50_OADC: '10C1E9B42A0D3A8745',
      E50_OTOA: '5039',
      E50_AMSG: 'part two',
      E50_XSER: '01060500037A0202',
    },
  )
  t.like(await submitted(outgoing(3, { sender: '+22625000000', encoding: 'ucs2', text: 'Fête' })), {
    E50_OADC: '22625000000',
    E50_OTOA: '1139',
    E50_MT: '4',
    E50_NB: '0064',
    E50_XSER: '020108',
  })
})
