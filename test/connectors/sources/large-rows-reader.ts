/** A process with a small heap that reads one source, for tests of what a read holds. */
import { systemClock } from '../../../connectors/clock.ts'
import { SourceError } from '../../../connectors/source.ts'
import { type SourceKindName, sourceKinds } from '../../../connectors/sources/kinds.ts'

export interface LargeRowsOrder {
  kind: SourceKindName
  config: Record<string, unknown>
  sql: string
}

export type LargeRowsAnswer =
  | { kind: 'read'; rows: number; bytes: number }
  | { kind: 'failed'; code: string; message: string }

process.on('message', ({ kind, config, sql }: LargeRowsOrder) => {
  read(kind, config, sql).then(
    answer => process.send!(answer),
    error =>
      process.send!({
        kind: 'failed',
        code: error instanceof SourceError ? error.code : 'ERROR',
        message: error instanceof Error ? error.message : String(error),
      }),
  )
})

async function read(
  kind: SourceKindName,
  config: Record<string, unknown>,
  sql: string,
): Promise<LargeRowsAnswer> {
  const source = sourceKinds[kind].open({ ...config, timeoutMs: 120_000 }, { clock: systemClock })
  let rows = 0
  let bytes = 0
  for await (const { x } of source.read({ sql })) {
    rows += 1
    bytes += typeof x === 'string' ? x.length : x instanceof Uint8Array ? x.byteLength : 0
  }
  await source.close()
  return { kind: 'read', rows, bytes }
}
