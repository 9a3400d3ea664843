/**
 * Rows out of customers' systems, by the bare driver and by our source in the same run, each in a process of its own.
 * A kind whose server is not installed is left out.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startStretch } from './measure.ts'
import { accessBare, accessOurs, csvBare, csvOurs, type ReadFigures } from './sources-files.ts'
import { measureRest } from './sources-rest.ts'
import {
  mariadbWith,
  postgresWith,
  readMariadbBare,
  readOurs,
  readPostgresBare,
  type SqlPlace,
} from './sources-sql.ts'

type Read = Pick<ReadFigures, 'rows' | 'seconds' | 'peakRssMiB'> & Partial<ReadFigures>
interface Round {
  bare: Read
  ours: Read
}
type Readers = Record<'bare' | 'ours', (rows: number, place: SqlPlace | null) => Promise<Read>>

/** What runs in the child; the place is that of the server, where there is one. */
const readers: Record<string, Readers> = {
  postgres: {
    bare: (_, place) => measured(() => readPostgresBare(place!)),
    ours: (_, place) => measured(() => readOurs('postgres', place!)),
  },
  mariadb: {
    bare: (_, place) => measured(() => readMariadbBare(place!)),
    ours: (_, place) => measured(() => readOurs('mysql', place!)),
  },
  access: { bare: accessBare, ours: accessOurs },
  csv: { bare: csvBare, ours: csvOurs },
}

/** The one with the middle ratio is told: a read of a second is at the mercy of whatever else the machine does. */
const roundsEach = 3

/**
 * @returns `<kind>RowsPerSecond`, `<kind>Ratio` to the bare driver, `<kind>PeakRssMiB` of our process,
 *   `<kind>ChildPeakRssMiB` of the processes it started, where there are any
 */
export async function benchSources(rows: number): Promise<Record<string, number>> {
  const figures: Record<string, number> = {}
  for (const [kind, openPlace] of [
    ['postgres', postgresWith],
    ['mariadb', mariadbWith],
  ] as const) {
    const place = await openPlace(rows)
    if (place !== null) Object.assign(figures, await compare(kind, rows, place))
  }
  Object.assign(figures, await compare('access', rows / 5, null))
  Object.assign(figures, await compare('csv', rows, null))
  Object.assign(figures, await middleOf('rest', () => measureRest(rows)))
  return figures
}

async function compare(kind: string, rows: number, place: SqlPlace | null): Promise<Record<string, number>> {
  return await middleOf(kind, async () => {
    const bare = await inChild(kind, 'bare', rows, place)
    const ours = await inChild(kind, 'ours', rows, place)
    for (const read of [bare, ours]) {
      if (read.rows < rows) throw new Error(`${kind}: ${read.rows} of ${rows} rows`)
    }
    return { bare, ours }
  })
}

async function middleOf(kind: string, measure: () => Promise<Round>): Promise<Record<string, number>> {
  const rounds: Round[] = []
  while (rounds.length < roundsEach) rounds.push(await measure())
  const ratioOf = ({ bare, ours }: Round): number => bare.seconds / ours.seconds
  const { bare, ours } = rounds.toSorted((a, b) => ratioOf(a) - ratioOf(b))[roundsEach >> 1]!
  return figuresOf(kind, bare, ours)
}

function figuresOf(kind: string, bare: Read, ours: Read): Record<string, number> {
  const rowsPerSecond = ours.rows / ours.seconds
  return {
    [`${kind}RowsPerSecond`]: rowsPerSecond,
    [`${kind}Ratio`]: rowsPerSecond / (bare.rows / bare.seconds),
    [`${kind}PeakRssMiB`]: ours.peakRssMiB,
    ...(ours.peakChildRssMiB !== undefined && { [`${kind}ChildPeakRssMiB`]: ours.peakChildRssMiB }),
  }
}

async function inChild(kind: string, reader: string, rows: number, place: SqlPlace | null): Promise<Read> {
  const child = fork(fileURLToPath(import.meta.url), [kind, reader, String(rows), JSON.stringify(place)])
  const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [Read | number]
  if (typeof message === 'number') throw new Error(`${kind}, ${reader}: the reader ended with ${message}`)
  return message
}

async function measured(read: () => Promise<number>): Promise<Read> {
  const stretch = startStretch()
  const rows = await read()
  const { wallSeconds, peakRssMiB } = stretch.end()
  return { rows, seconds: wallSeconds, peakRssMiB }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [kind = '', reader = '', rows = '0', place = 'null'] = process.argv.slice(2)
  const read = await readers[kind]![reader as 'bare' | 'ours'](Number(rows), JSON.parse(place))
  process.send!(read, () => process.exit())
}
