/**
 * `rappel demo`: the real product on an invented insurer and three simulated operators, in front of a newcomer.
 *
 * One day is played from beginning to end, then the books of the product are compared with what the operators saw.
 */
import { type Clock, shiftedClock, systemClock } from '../../connectors/clock.ts'
import { daysBetween } from '../../scheduler/calendar/local-date.ts'
import { localDateAt } from '../../scheduler/calendar/zoned.ts'
import { RappelError } from '../errors.ts'
import { addressLines } from './address-lines.ts'
import { openBooks } from './books.ts'
import { type DemoDirectory, openDemoDirectory } from './directory.ts'
import { demoZone, nextRunOf } from './furnish.ts'
import { createInsurerDatabase } from './insurer/create.ts'
import { Interrupted, type Interruption, onInterruption, whenAborted } from './interruption.ts'
import { type DemoOptions, type DemoRequest, readRequest } from './request.ts'
import { furnishStore, portOrAny, startService, usualPort } from './service.ts'
import { playSession, type Session } from './session.ts'
import { startOperators, stopOperators } from './simulated-operators.ts'
import { formatCount } from './table.ts'

/** The same insurer on every machine. */
const seed = 20_261
const usualContracts = 5_000
/** The insurer's brand as phones show it: at most 11 characters. */
const sender = 'KIBARE'

const exitCodes = { good: 0, bad: 1, interrupted: 130 } as const

/**
 * Runs the demo.
 *
 * @returns the exit code: 0 when all is well, 1 when it cannot start or the books do not agree, 130 when it was
 *   interrupted before its summary. Never throws.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const asked = readRequest(options)
  if (asked.kind === 'refused') return complain(asked.reason)
  const { request } = asked
  const { words } = request
  const clock = clockOf(request)
  const opened = openDemoDirectory({
    path: request.directory,
    clock,
    words,
    reset: request.reset,
    seed,
    contracts: request.contracts ?? usualContracts,
  })
  if (opened.kind === 'refused') return complain(opened.reason)
  const { directory } = opened
  const interruption = onInterruption(systemClock)
  const open: (() => Promise<void> | void)[] = [() => interruption.close(), () => directory.release()]
  try {
    return await runOpened(request, { clock, directory, interruption, open })
  } catch (error) {
    const cause = interruption.signal.aborted ? interruption.signal.reason : error
    if (cause instanceof Interrupted) return exitCodes.interrupted
    if (cause instanceof RappelError && cause.code === 'store-unavailable') {
      return complain(words.otherVersion(directory.path, String(cause.details.reason ?? cause.message)))
    }
    return complain(words.noLongerRunning(explain(cause)))
  } finally {
    for (const close of open.reverse()) await close()
  }
}

interface Opened {
  clock: Clock
  directory: DemoDirectory
  interruption: Interruption
  /** What must be closed, newest last. */
  open: (() => Promise<void> | void)[]
}

async function runOpened(
  request: DemoRequest,
  { clock, directory, interruption, open }: Opened,
): Promise<number> {
  const { words, language, faults } = request
  const { signal } = interruption
  const day = localDateAt(clock.now(), demoZone)
  say(words.title(day), '', words.dataDirectory(directory.path, directory.isNew))
  prepareInsurer(request, directory, day)

  const simulated = await startOperators(systemClock, faults)
  open.push(() => stopOperators(simulated))
  for (const { profile, process } of simulated) {
    const { name, protocol, partsPerSecond } = profile
    say(words.operator({ name, protocol: protocol.toUpperCase(), port: process.port, partsPerSecond }))
  }
  const furnished = await furnishStore(directory, { clock, operators: simulated, sender })
  directory.keep({ apiKey: furnished.apiKey })
  const books = openBooks(directory.storeFile)
  open.push(() => books.close())
  signal.throwIfAborted()

  // With --once nobody is told the address, so that it need not be the usual one: two such demos never meet there.
  const port = request.isOnce ? 0 : await portOrAny(usualPort)
  // The server holds the directory itself from here on.
  directory.release()
  const server = await startService(directory, { clock, port, onFailure: interruption.fail })
  open.push(() => server.stop('demo'))

  const session: Session = { request, clock, day, directory, furnished, books, server, signal }
  const played = await playSession(session, say).catch(error => {
    if (signal.reason instanceof Interrupted) {
      const waiting = books
        .messages()
        .reduce((sum, row) => sum + (row.state === 'queued' ? row.messages : 0), 0)
      say('', words.interrupted(formatCount(waiting, language)))
    }
    throw error
  })
  for (const alert of furnished.alerts) {
    if (alert.isActive) continue
    const next = nextRunOf(alert, clock)
    await server.application.store.alerts.activate(alert.id, next, { actor: 'demo', nowMs: clock.nowMs() })
  }
  const verdict = played.isEqual ? exitCodes.good : exitCodes.bad
  if (request.isOnce) return verdict

  if (port === 0) say('', words.portTaken(usualPort, Number(new URL(server.url).port)))
  say(...addressLines({ words, url: server.url, apiKey: furnished.apiKey, logFile: directory.logFile }))
  await whenAborted(signal)
  if (!(signal.reason instanceof Interrupted)) throw signal.reason
  say('', words.stopping)
  await server.stop('interrupted')
  say(words.stopped)
  return exitCodes.good
}

function prepareInsurer(request: DemoRequest, directory: DemoDirectory, day: string): void {
  const { words, language } = request
  if (!directory.isNew) {
    if (request.contracts !== null && request.contracts !== directory.mark.contracts)
      say(words.contractsIgnored)
    return
  }
  const { contracts } = directory.mark
  const made = createInsurerDatabase(directory.insurerFile, { today: day, seed, contracts })
  directory.keep({ isComplete: true })
  say(
    words.insurerMade({
      contracts: formatCount(made.contracts, language),
      insured: formatCount(made.insured, language),
      vehicles: formatCount(made.vehicles, language),
    }),
  )
}

/** The system's clock, or one on which the day asked for is today, at this time of the day. */
function clockOf({ day }: DemoRequest): Clock {
  if (day === null) return systemClock
  const days = daysBetween(localDateAt(systemClock.now(), demoZone), day)
  return days === 0 ? systemClock : shiftedClock(systemClock, days * 86_400_000)
}

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}

function complain(reason: string): number {
  process.stderr.write(`${reason}\n`)
  return exitCodes.bad
}

/** With what lies behind it: `internal` alone tells nobody anything. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message} (${explain(error.cause)})`
}
