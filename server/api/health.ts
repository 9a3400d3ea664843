/** Whether the product lives and whether it can take messages. */
import type { ApiDependencies } from './dependencies.ts'

export interface ReadyReport {
  status: 'ready' | 'not-ready'
  checks: {
    /** Read and written a moment ago. */
    store: { isOk: boolean; detail: string }
    /** The store is opened by its migrations and refuses to open before they are done. */
    migrations: { isOk: boolean; detail: string }
    running: { isOk: boolean; detail: string }
    /** Told, not required: messages wait safely for a bind that is down. */
    binds: { isOk: boolean; detail: string }
  }
}

export interface Health {
  ready(): Promise<ReadyReport>
}

/** Everybody may ask; the disk is asked this often at most. */
const keptMs = 2_000
/** A disk that takes longer cannot take messages either. */
const longestCheckMs = 5_000
/** Alerts count from 1: this row belongs to nobody and holds one line. */
const probeAlertId = 0

export function createHealth({ store, gateway, clock, isStopping }: ApiDependencies): Health {
  let kept: { check: Promise<{ isOk: boolean; detail: string }>; untilMs: number } | null = null

  /** A real write through the same door as every message: only that finds a full disk. */
  async function writeProbe(): Promise<{ isOk: boolean; detail: string }> {
    const late = Promise.withResolvers<never>()
    const cancel = clock.after(longestCheckMs, () =>
      late.reject(new Error(`no answer in ${longestCheckMs} ms`)),
    )
    const probe = { entityKey: 'health', memory: String(clock.nowMs()) }
    try {
      await Promise.race([store.memories.remember(probeAlertId, [probe]), late.promise])
      return { isOk: true, detail: '' }
    } catch (error) {
      return { isOk: false, detail: error instanceof Error ? error.message : String(error) }
    } finally {
      cancel()
    }
  }

  return {
    async ready() {
      const nowMs = clock.nowMs()
      if (kept === null || kept.untilMs <= nowMs) kept = { check: writeProbe(), untilMs: nowMs + keptMs }
      const written = await kept.check
      const links = gateway.operators()
      const down = links.filter(link => link.state !== 'bound').map(link => link.name)
      const checks: ReadyReport['checks'] = {
        store: written,
        migrations: { isOk: true, detail: 'done when the store was opened' },
        running: { isOk: !isStopping(), detail: isStopping() ? 'stopping' : '' },
        binds: {
          isOk: down.length === 0,
          detail: down.length === 0 ? `${links.length} bound` : `down: ${down.join(', ')}`,
        },
      }
      const isReady = checks.store.isOk && checks.migrations.isOk && checks.running.isOk
      return { status: isReady ? 'ready' : 'not-ready', checks }
    },
  }
}
