/** A million rows read from a customer's database and rendered, none kept: memory must stay flat. */
import { join } from 'node:path'
import { systemClock } from '../../connectors/clock.ts'
import { sourceKinds } from '../../connectors/sources/kinds.ts'
import { compileTemplate, renderMessage } from '../../templates/render.ts'
import { createWorkspace, insurerTemplate, writeCustomerDatabase } from '../support/insurer-application.ts'
import { startStretch } from './measure.ts'

export interface StreamFigures {
  rows: number
  rowsPerSecond: number
  peakRssMiB: number
  /** From the first tenth to the end: what grows with the rows. */
  rssGrowthMiB: number
}

export async function benchStream(rows: number): Promise<StreamFigures> {
  const workspace = createWorkspace()
  try {
    const path = join(workspace.directory, 'insurer.db')
    writeCustomerDatabase(path, rows)
    const source = sourceKinds.sqlite.open(
      { path, maxRows: rows + 1, timeoutMs: 600_000 },
      { clock: systemClock },
    )
    const template = compileTemplate(insurerTemplate, { language: 'fr', country: 'BF' })
    const options = { policy: 'smart', maxParts: 3, tooLong: 'refuse' } as const
    const stretch = startStretch()
    let read = 0
    let rssAtTenth = 0
    for await (const row of source.read({ sql: 'select * from contrats' })) {
      const message = renderMessage(template, row, options)
      if (message.kind !== 'ready') throw new Error(`row ${read}: ${JSON.stringify(message)}`)
      read += 1
      if (read === Math.floor(rows / 10)) rssAtTenth = process.memoryUsage.rss()
    }
    const rssAtEnd = process.memoryUsage.rss()
    const measured = stretch.end()
    await source.close()
    if (read !== rows) throw new Error(`${read} rows of ${rows}`)
    return {
      rows,
      rowsPerSecond: rows / measured.wallSeconds,
      peakRssMiB: measured.peakRssMiB,
      rssGrowthMiB: (rssAtEnd - rssAtTenth) / 2 ** 20,
    }
  } finally {
    workspace.dispose()
  }
}
