/** The link bound to an SMSC that somebody else wrote: Net::SMPP, in Perl. */
import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { serverAvailable } from '../support/server-process.ts'
import type { Teardown } from '../support/temp-dir.ts'
import { outgoing, talk } from './independent-link.ts'

const perl = spawnSync('perl', ['-MNet::SMPP', '-e', '1']).status === 0 ? 'perl' : undefined
const perlTest = serverAvailable('Net::SMPP for Perl (libnet-smpp-perl)', perl) ? test : test.skip

/** What the server understood of one request: values as Latin-1 text. */
type Heard = Record<string, string>

interface PerlSmsc {
  port: number
  heard: Heard[]
  /** All it ever said is in `heard`. */
  ended: Promise<void>
}

async function startPerlSmsc(t: Teardown): Promise<PerlSmsc> {
  const script = fileURLToPath(new URL('./independent-smsc.pl', import.meta.url))
  const child = spawn('perl', [script], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => {
    child.kill('SIGKILL')
  })
  let complaint = ''
  child.stderr.on('data', text => {
    complaint += text
  })
  const heard: Heard[] = []
  const lines = createInterface({ input: child.stdout })
  const ended = new Promise<void>(resolve => lines.once('close', resolve))
  const port = await new Promise<number>((resolve, reject) => {
    lines.on('line', line => {
      const said = Object.fromEntries(
        line.split(' ').map(pair => {
          const [name = '', hex = ''] = pair.split('=')
          return [name, Buffer.from(hex, 'hex').toString('latin1')]
        }),
      )
      if (said.port === undefined) heard.push(said)
      else resolve(Number(said.port))
    })
    void ended.then(() => reject(new Error(`the SMSC in Perl ended: ${complaint}`)))
  })
  return { port, heard, ended }
}

perlTest('an SMSC in Perl understands what is sent, and its receipt and message are understood', async t => {
  const { port, heard, ended } = await startPerlSmsc(t)
  const parts = [
    outgoing(1, { sender: '38001', text: 'Rappel: prime échue, 5 €' }),
    outgoing(2, { encoding: 'ucs2', text: 'Fête 你好', partCount: 2, partNumber: 1, reference: 9 }),
  ]
  const link = talk(t, parts, { port, systemType: 'VMA' })
  await link.when(
    () => link.outcomes.length === 2 && link.receipts.length === 1 && link.incoming.length === 1,
  )
  await link.stop()
  await ended

  const requests = heard.map(({ cmd, ...said }) => ({ cmd: Number(cmd), ...said }))
  t.like(
    requests.find(({ cmd }) => cmd === 9),
    { system_id: 'rappel', password: 'secret', system_type: 'VMA' },
  )
  const submits = requests.filter(({ cmd }) => cmd === 4)
  t.like(submits[0], {
    source_addr: '38001',
    source_addr_ton: '3',
    destination_addr: '22670000001',
    dest_addr_ton: '1',
    dest_addr_npi: '1',
    esm_class: '0',
    data_coding: '0',
    registered_delivery: '1',
    short_message: 'Rappel: prime \x05chue, 5 \x1be',
  })
  t.like(submits[1], {
    source_addr: 'ASSURANCE',
    source_addr_ton: '5',
    esm_class: '64',
    data_coding: '8',
    short_message: `\x05\x00\x03\x09\x02\x01${Buffer.from('Fête 你好', 'utf16le').swap16().toString('latin1')}`,
  })
  t.like(link.outcomes, [
    { kind: 'accepted', partId: 1, remoteId: 'A0B0C001' },
    { kind: 'accepted', partId: 2, remoteId: 'A0B0C002' },
  ])
  t.like(link.receipts[0], { recipient: '22670000001', state: 'delivered', textPrefix: 'Rappel' })
  t.true(link.receipts[0]?.remoteIdKeys.includes('A0B0C001'))
  t.like(link.incoming[0], { sender: '22670000001', recipient: '38001', text: 'STOP', partCount: 1 })
  const answers = requests.filter(({ cmd }) => cmd === 0x80000005)
  t.is(answers.length, 2, 'both deliveries are acknowledged')
})
