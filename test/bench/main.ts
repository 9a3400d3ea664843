/**
 * `npm run bench [-- --quick] [--json FILE]`: figures of this machine, all of one run, the floor beside the pipeline.
 * They are printed, never judged: a benchmark is not a test.
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { benchApi } from './api.ts'
import { benchFloor } from './floor.ts'
import { benchPipeline } from './pipeline.ts'
import { benchStatistics } from './statistics.ts'
import { benchStream } from './stream.ts'

const { values } = parseArgs({
  options: { json: { type: 'string' }, quick: { type: 'boolean', default: false } },
})
const scale = values.quick ? 0.1 : 1
const sizes = {
  pipeline: 100_000 * scale,
  stream: 1_000_000 * scale,
  singles: 20_000 * scale,
  batches: 100 * scale,
  statistics: 1_000_000 * scale,
}
console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`,
)
console.log(values.quick ? 'quick: a tenth of the sizes, for a first look only' : '')

/** Pipeline first: memory that later parts leave behind must not count as its own. */
const pipeline = await benchPipeline(sizes.pipeline)
const floor = await benchFloor(sizes.pipeline)
const stream = await benchStream(sizes.stream)
const api = await benchApi(sizes)
const statistics = await benchStatistics(sizes.statistics)

const figures = {
  pipeline: {
    ...pipeline,
    floorPerSecond: floor.messagesPerSecond,
    floorRatio: pipeline.messagesPerSecond / floor.messagesPerSecond,
  },
  stream,
  api,
  statistics,
}
for (const [part, of] of Object.entries(figures)) {
  console.log(`\n${part}`)
  for (const [name, figure] of Object.entries(of))
    console.log(`  ${name.padEnd(24)} ${readable(figure).padStart(12)}`)
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`)

function readable(figure: number): string {
  return figure.toLocaleString('en-GB', { maximumFractionDigits: figure < 100 ? 2 : 0 })
}
