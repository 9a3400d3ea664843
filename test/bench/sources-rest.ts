/**
 * Rows from a paged REST service: ours beside bare node:http and JSON.parse. The service runs in a process of its own,
 * and so does each reader, so that no memory but its own counts.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../connectors/clock.ts'
import { sourceKinds } from '../../connectors/sources/kinds.ts'
import { startStretch } from './measure.ts'

export interface RestFigures {
  rows: number
  seconds: number
  peakRssMiB: number
}

type Reader = 'bare' | 'ours'

const pageRows = 1_000
/** As `npm start` has them: the memory told is that of the product. */
const productFlags = ['--max-semi-space-size=8', '--max-old-space-size=384']

/** Starts the service, reads `rows` rows both ways, stops it. */
export async function measureRest(rows = 1_000_000): Promise<Record<Reader, RestFigures>> {
  const service = fork(fileURLToPath(import.meta.url), ['serve', String(rows)], { execArgv: [] })
  try {
    const [url] = (await once(service, 'message')) as [string]
    return { bare: await measured('bare', url, rows), ours: await measured('ours', url, rows) }
  } finally {
    service.kill()
  }
}

async function measured(reader: Reader, url: string, rows: number): Promise<RestFigures> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [reader, url, String(rows)], {
    execArgv: productFlags,
  })
  const [figures] = (await once(child, 'message')) as [RestFigures]
  if (figures.rows !== rows) throw new Error(`${reader} read ${figures.rows} of ${rows} rows`)
  return figures
}

/** The least that reads the rows: one page after another, each parsed and every row looked at. */
async function readBare(url: string): Promise<number> {
  const agent = new http.Agent({ keepAlive: true })
  let count = 0
  for (let page = 1; ; page += 1) {
    const { items } = JSON.parse(await textOf(`${url}/?page=${page}`, agent)) as { items: { id: number }[] }
    for (const item of items) if (item.id > 0) count += 1
    if (items.length === 0) break
  }
  agent.destroy()
  return count
}

function textOf(url: string, agent: http.Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent }, answer => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.on('end', () => resolve(Buffer.concat(pieces).toString()))
      answer.on('error', reject)
    })
    request.on('error', reject)
  })
}

async function readOurs(url: string, rows: number): Promise<number> {
  const request = { rowsPath: 'items', paging: { kind: 'page', param: 'page' } }
  const config = {
    baseUrl: url,
    allowLoopback: true,
    maxRows: rows,
    timeoutMs: 600_000,
    requests: { contrats: request },
  }
  const source = sourceKinds.rest.open(config, { clock: systemClock })
  let count = 0
  for await (const row of source.read({ sql: 'SELECT * FROM contrats' })) if (Number(row.id) > 0) count += 1
  await source.close()
  return count
}

/** Pages are made ahead as far as that is quick: the reader is measured, not the service. */
function serve(rows: number): void {
  const tail = Array.from({ length: pageRows }, (_, index) => {
    const phone = `70 00 ${String(index % 100).padStart(2, '0')} 11`
    return `,"nom":"NOM ${index}","prenom":"Awa","telephone":"${phone}","plaque":"11 AA ${index}","echeance":"2027-03-15","montant":${1_250.5 + index},"etat":"A"}`
  })
  const server = http.createServer((request, response) => {
    const page = Number(/page=(\d+)/.exec(request.url ?? '')?.[1] ?? 1)
    const start = (page - 1) * pageRows
    const items: string[] = []
    for (let index = 0; index < Math.min(pageRows, rows - start); index += 1) {
      items.push(`{"id":${start + index + 1}${tail[index]}`)
    }
    const body = Buffer.from(`{"items":[${items.join(',')}]}`)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
  })
  server.listen(0, '127.0.0.1', () => {
    process.send!(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
}

async function readAndTell(reader: Reader, url: string, rows: number): Promise<void> {
  const stretch = startStretch()
  const count = await (reader === 'bare' ? readBare(url) : readOurs(url, rows))
  const { wallSeconds, peakRssMiB } = stretch.end()
  process.send!({ rows: count, seconds: wallSeconds, peakRssMiB } satisfies RestFigures, () => process.exit())
}

const [task, first = '', second = ''] = process.argv.slice(2)
if (process.argv[1] === fileURLToPath(import.meta.url) && process.send !== undefined) {
  process.once('disconnect', () => process.exit())
  if (task === 'serve') serve(Number(first))
  if (task === 'bare' || task === 'ours') await readAndTell(task, first, Number(second))
}
