/**
 * A source whose driver is loaded when it is first used: some drivers weigh more than the rest of the product, and
 * most customers have one kind of database.
 */
import type { Source, SourceRow, SourceWriter } from '../source.ts'

/** @param load makes the source; called once, at its first use */
export function lateSource(load: () => Promise<Source>): Source {
  let loading: Promise<Source> | undefined
  const loaded = (): Promise<Source> => {
    loading ??= load()
    return loading
  }
  return {
    read: (query, signal) => lateRows(async () => (await loaded()).read(query, signal)),
    test: async signal => (await loaded()).test(signal),
    describe: async signal => (await loaded()).describe(signal),
    acknowledge: async () => (await loading)?.acknowledge?.(),
    close: async () => (await loading)?.close(),
  }
}

export function lateWriter(load: () => Promise<SourceWriter>): SourceWriter {
  let loading: Promise<SourceWriter> | undefined
  const loaded = (): Promise<SourceWriter> => {
    loading ??= load()
    return loading
  }
  return {
    update: async (update, signal) => (await loaded()).update(update, signal),
    rehearse: async (update, signal) => (await loaded()).rehearse(update, signal),
    close: async () => (await loading)?.close(),
  }
}

/** Rows of a source that is not there yet: nothing is added to a row once it is. */
function lateRows(open: () => Promise<AsyncIterable<SourceRow>>): AsyncIterable<SourceRow> {
  return {
    [Symbol.asyncIterator]() {
      let rows: AsyncIterator<SourceRow> | undefined
      const start = async (): Promise<AsyncIterator<SourceRow>> => {
        rows ??= (await open())[Symbol.asyncIterator]()
        return rows
      }
      return {
        next: () => (rows === undefined ? start().then(started => started.next()) : rows.next()),
        return: async () => (await rows?.return?.()) ?? { done: true, value: undefined },
      }
    },
  }
}
