/**
 * `npm run bench [-- --quick] [--json FILE]`: figures of this machine, all of one run, the floor beside the pipeline.
 * Each part runs in a process of its own, so that no part's memory counts as another's. The figures are printed,
 * never judged: a benchmark is not a test.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { benchApi } from './api.ts'
import { benchFloor } from './floor.ts'
import { benchPipeline } from './pipeline.ts'
import { benchSources } from './sources.ts'
import { benchStatistics } from './statistics.ts'
import { benchStream } from './stream.ts'
import { benchSubmitPath } from './submit-path.ts'

type Figures = Record<string, number>

/** Sizes of a whole run; `scale` makes them smaller. */
const parts: Record<string, (scale: number) => Promise<object>> = {
  pipeline: scale => benchPipeline(100_000 * scale),
  floor: scale => benchFloor(100_000 * scale),
  submitPath: scale => benchSubmitPath(1_000_000 * scale),
  stream: scale => benchStream(1_000_000 * scale),
  sources: scale => benchSources(1_000_000 * scale),
  api: scale => benchApi({ singles: 20_000 * scale, batches: 100 * scale }),
  statistics: scale => benchStatistics(1_000_000 * scale),
}

const quickScale = 0.1
const { values } = parseArgs({
  options: { json: { type: 'string' }, quick: { type: 'boolean', default: false }, part: { type: 'string' } },
})
const scale = values.quick ? quickScale : 1

if (values.part !== undefined) {
  const figures = await parts[values.part]!(scale)
  if (process.send === undefined) console.log(figures)
  else process.send(figures)
  process.disconnect?.()
} else await runAll()

async function runAll(): Promise<void> {
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`,
  )
  if (values.quick) console.log('quick: a tenth of the sizes, for a first look only')
  const figures: Record<string, Figures> = {}
  for (const part of Object.keys(parts)) figures[part] = await runPart(part)
  const { pipeline, floor, ...others } = figures as Record<'pipeline' | 'floor', Figures> &
    Record<string, Figures>
  const told = {
    pipeline: {
      ...pipeline,
      floorPerSecond: floor.messagesPerSecond!,
      floorRatio: pipeline.messagesPerSecond! / floor.messagesPerSecond!,
    },
    ...others,
  }
  for (const [part, of] of Object.entries(told)) {
    console.log(`\n${part}`)
    for (const [name, figure] of Object.entries(of)) {
      console.log(`  ${name.padEnd(24)} ${readable(figure).padStart(12)}`)
    }
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(told, null, 2)}\n`)
}

/** The child inherits the limits of memory that `npm run bench` sets. @throws when the part fails */
async function runPart(part: string): Promise<Figures> {
  const child = fork(fileURLToPath(import.meta.url), ['--part', part, ...(values.quick ? ['--quick'] : [])])
  let figures: Figures | null = null
  child.once('message', message => {
    figures = message as Figures
  })
  await once(child, 'exit')
  if (figures === null) throw new Error(`the part ${part} ended without figures`)
  return figures
}

function readable(figure: number): string {
  return figure.toLocaleString('en-GB', { maximumFractionDigits: figure < 100 ? 2 : 0 })
}
