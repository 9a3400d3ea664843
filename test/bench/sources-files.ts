/**
 * Rows from an Access file and from a CSV file, by the bare driver and by our source, each to plain rows. Run each of
 * the functions in a process of its own: memory is that of the process, and of the children it starts.
 */
import { once } from 'node:events'
import { createReadStream, createWriteStream, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { parse } from 'csv-parse'
import MDBReader from 'mdb-reader'
import { systemClock } from '../../connectors/clock.ts'
import { keepCompiledCode } from '../../connectors/compile-cache.ts'
import type { Source } from '../../connectors/source.ts'
import { sourceKinds } from '../../connectors/sources/kinds.ts'
import { createWorkspace } from '../support/insurer-application.ts'
import { growTable } from '../support/jet.ts'
import { startStretch } from './measure.ts'

export interface ReadFigures {
  rows: number
  seconds: number
  peakRssMiB: number
  /** Of child processes together; they end with the read. */
  peakChildRssMiB: number
}

const settings = { maxRows: 10_000_000, timeoutMs: 600_000 }

/** The fixture with its 400 clients copied, page by page, to `rows` numbered ones. */
export async function accessBare(rows: number): Promise<ReadFigures> {
  return await inWorkspace(
    async folder => {
      countBare(accessFile(folder, fewRows))
      return accessFile(folder, rows)
    },
    async path => countBare(path),
  )
}

export async function accessOurs(rows: number): Promise<ReadFigures> {
  return await readAccess(rows, 'SELECT * FROM CLIENTS')
}

/** The same with a WHERE, so that every row passes through the private SQLite. */
export async function accessBySql(rows: number): Promise<ReadFigures> {
  return await readAccess(rows, 'SELECT * FROM CLIENTS WHERE CODEASSU > 0')
}

/**
 * Both ways have read a small file before: the product reads day after day, and its child processes find their code
 * compiled (connectors/compile-cache.ts).
 */
const fewRows = 400

function countBare(path: string): number {
  return new MDBReader(readFileSync(path)).getTable('CLIENTS').getData().length
}

async function readAccess(rows: number, sql: string): Promise<ReadFigures> {
  const open = (path: string): Source =>
    sourceKinds.access.open({ path, ...settings }, { clock: systemClock })
  return await inWorkspace(
    async folder => {
      keepCompiledCode(folder)
      await countRows(open(accessFile(folder, fewRows)), sql)
      return accessFile(folder, rows)
    },
    path => countRows(open(path), sql),
  )
}

export async function csvBare(rows: number): Promise<ReadFigures> {
  return await inWorkspace(
    folder => csvFile(folder, rows),
    async path => {
      const records = createReadStream(path).pipe(parse({ delimiter: ';', columns: true }))
      let count = 0
      for await (const _ of records) count += 1
      return count
    },
  )
}

export async function csvOurs(rows: number): Promise<ReadFigures> {
  return await inWorkspace(
    folder => csvFile(folder, rows),
    path => countRows(openFolder(path), 'SELECT * FROM contrats'),
  )
}

export async function csvBySql(rows: number): Promise<ReadFigures> {
  return await inWorkspace(
    folder => csvFile(folder, rows),
    path => countRows(openFolder(path), "SELECT * FROM contrats WHERE etat <> 'x'"),
  )
}

function openFolder(file: string): Source {
  const config = { folder: join(file, '..'), stableSeconds: 0, ...settings }
  return sourceKinds.files.open(config, { clock: systemClock })
}

function accessFile(folder: string, rows: number): string {
  const fixture = readFileSync(new URL('../fixtures/access/contrats.mdb', import.meta.url))
  const path = join(folder, 'contrats.mdb')
  writeFileSync(path, growTable(fixture, 'CLIENTS', rows).file)
  return path
}

async function csvFile(folder: string, rows: number): Promise<string> {
  const path = join(folder, 'contrats.csv')
  const out = createWriteStream(path)
  out.write('police;nom;telephone;immat;effet;echeance;prime;etat\n')
  for (let from = 0; from < rows; from += 1_000) {
    const lines = Array.from({ length: Math.min(1_000, rows - from) }, (_, at) => csvLine(from + at))
    if (!out.write(lines.join(''))) await once(out, 'drain')
  }
  out.end()
  await finished(out)
  return path
}

function csvLine(n: number): string {
  const phone = `70${String(n % 1_000_000).padStart(6, '0')}`
  return `1010-2026-${String(n).padStart(7, '0')};OUEDRAOGO Aïcha;${phone};11 HH ${n % 9_999};2026-01-02;2027-01-02;145500,50;A ENVOYER\n`
}

async function countRows(source: Source, sql: string): Promise<number> {
  let count = 0
  for await (const _ of source.read({ sql })) count += 1
  await source.close()
  return count
}

async function inWorkspace(
  prepare: (folder: string) => string | Promise<string>,
  read: (path: string) => Promise<number>,
): Promise<ReadFigures> {
  const workspace = createWorkspace()
  try {
    const path = await prepare(workspace.directory)
    const children = watchChildren()
    const stretch = startStretch()
    const rows = await read(path)
    const { wallSeconds, peakRssMiB } = stretch.end()
    return { rows, seconds: wallSeconds, peakRssMiB, peakChildRssMiB: children.end() }
  } finally {
    workspace.dispose()
  }
}

/** Linux tells; elsewhere the figure is 0. */
function watchChildren(): { end(): number } {
  let peakKib = 0
  const cancel = systemClock.every(50, () => {
    peakKib = Math.max(peakKib, childrenRssKib())
  })
  return {
    end() {
      cancel()
      return peakKib / 1_024
    },
  }
}

function childrenRssKib(): number {
  try {
    const threads = readdirSync('/proc/self/task')
    const children = threads.flatMap(thread =>
      readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
    )
    return children.reduce((sum, child) => {
      const status = readFileSync(`/proc/${child}/status`, 'utf8')
      return sum + Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0)
    }, 0)
  } catch {
    return 0
  }
}
