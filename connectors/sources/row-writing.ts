/** One UPDATE, whatever the kind: guard, parameters, deadline, cap; the kind only sends it. */
import type { Clock } from '../clock.ts'
import { SourceError, type SourceUpdate, type SourceWriter } from '../source.ts'
import { type CheckedStatement, givenValue, orAborted } from './row-reading.ts'
import type { GuardOptions } from './select-guard.ts'
import type { SqlDialect } from './sql-tokens.ts'
import { checkUpdate } from './update-guard.ts'

/**
 * Rows that one update may change. A message is about one contract, which may have some lines; a WHERE that was
 * written wrongly finds the whole table.
 */
const mostRowsChanged = 100

/** What a kind brings of its own. */
export interface WriterKind {
  dialect: SqlDialect
  placeholders?: GuardOptions['placeholders']
  settings: { timeoutMs: number }
  clock: Clock
  /** Names the source in messages, with the account that writes. */
  place: string
  /**
   * Sends the statement in a transaction of its own, which is committed when at most `commitsUpTo` rows changed (-1:
   * never) and else rolled back. On `signal` it must give up at once, in whatever step, on the server too.
   *
   * @returns rows changed
   */
  run(statement: CheckedStatement, commitsUpTo: number, signal: AbortSignal): Promise<number>
  /** The driver's error in our words. */
  explain(error: unknown): SourceError
  /** Absent where nothing is held between updates. */
  close?(): Promise<void>
}

export function openWriter(kind: WriterKind): SourceWriter {
  return {
    update: (update, signal) => writeRows(kind, { update, isRehearsal: false, signal }),
    rehearse: (update, signal) => writeRows(kind, { update, isRehearsal: true, signal }),
    close: async () => await kind.close?.(),
  }
}

interface WriteRequest {
  update: SourceUpdate
  /** Takes the change back whatever it was. */
  isRehearsal: boolean
  signal: AbortSignal | undefined
}

/**
 * @returns rows changed
 * @throws SourceError as `SourceWriter.update` says; the caller's own reason when `signal` is aborted
 */
async function writeRows(kind: WriterKind, { update, isRehearsal, signal }: WriteRequest): Promise<number> {
  const { place, settings } = kind
  const statement = checkedUpdate(kind, update)
  signal?.throwIfAborted()
  const deadline = new AbortController()
  const cancelDeadline = kind.clock.after(settings.timeoutMs, () => {
    const message = `${place}: the update was stopped after ${settings.timeoutMs} ms. Look for a lock on the row, or for an index on what its WHERE compares.`
    deadline.abort(new SourceError('source-timeout', message, { timeoutMs: settings.timeoutMs }))
  })
  const stop = signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal])
  try {
    const rows = await orAborted(kind.run(statement, isRehearsal ? -1 : mostRowsChanged, stop), stop)
    if (rows <= mostRowsChanged) return rows
    const message = `${place}: the update would change ${rows} rows and was rolled back; one message may change ${mostRowsChanged}. Correct its WHERE.`
    throw new SourceError('source-row-cap', message, { rows, mostRows: mostRowsChanged })
  } catch (error) {
    stop.throwIfAborted()
    throw error instanceof SourceError ? error : kind.explain(error)
  } finally {
    cancelDeadline()
  }
}

function checkedUpdate(
  { dialect, placeholders = 'native', place }: WriterKind,
  update: SourceUpdate,
): CheckedStatement {
  const verdict = checkUpdate(update.sql, dialect, { placeholders })
  if (verdict.kind === 'refused') {
    const { reason, position, excerpt } = verdict
    throw new SourceError(
      'source-query-refused',
      `${place}: the update is refused (${reason}) at character ${position + 1}: "${excerpt}". Write one UPDATE of one table, with a WHERE that compares a parameter.`,
      { reason, position, excerpt },
    )
  }
  const { statement, parameterNames } = verdict
  return {
    statement,
    parameterNames,
    values: parameterNames.map(name => givenValue(update.params, name, place)),
  }
}
