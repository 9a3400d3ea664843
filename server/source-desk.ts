/** Opens sources, saved or not yet, and keeps what their kinds remember from one opening to the next. */
import { createHash } from 'node:crypto'
import type { Clock } from '../connectors/clock.ts'
import { type Source, SourceError } from '../connectors/source.ts'
import { type KeptState, KeptStates } from '../connectors/sources/kept-state.ts'
import { sourceKinds } from '../connectors/sources/kinds.ts'
import type { OwnFiles } from '../connectors/sources/own-files.ts'
import { RappelError } from './errors.ts'
import { openPassword, PasswordNotReadable } from './sealed-passwords.ts'
import type { SecretBox } from './secrets.ts'
import type { Store } from './store/operations.ts'
import type { SourceRecord } from './store/sources.ts'

export interface SourceDesk {
  /** @throws SourceError, also for a source that is gone or whose password cannot be opened */
  openSource(sourceId: number): Promise<Source>
  /** A source as it would be, not saved. @throws RappelError `invalid-request`; ZodError */
  openSourceDraft(kind: string, config: unknown): Source
  /** Forgets what was remembered of a source between reads: it was changed or is gone. */
  forgetSource(sourceId: number): void
}

export function createSourceDesk({
  store,
  secrets,
  clock,
  ownFiles,
}: {
  store: Pick<Store, 'sources'>
  secrets: SecretBox
  clock: Clock
  /** What no source may name. */
  ownFiles: OwnFiles
}): SourceDesk {
  const keptStates = new KeptStates()

  function open(kind: string, config: unknown, kept?: KeptState): Source {
    const known = sourceKinds[kind as keyof typeof sourceKinds]
    if (known === undefined) {
      throw new RappelError('invalid-request', {
        path: 'kind',
        received: kind,
        expected: Object.keys(sourceKinds),
      })
    }
    return known.open(config, { clock, ownFiles, ...(kept !== undefined && { kept }) })
  }

  /** For the engine a lost key file is a source that fails, as any other: the run says so and the others go on. */
  function passwordOf(record: SourceRecord): string | undefined {
    try {
      return openPassword(secrets, 'source', { id: record.sourceId, ...record })
    } catch (error) {
      if (!(error instanceof PasswordNotReadable)) throw error
      throw new SourceError('source-login-refused', error.message, { sourceId: record.sourceId }, error)
    }
  }

  return {
    async openSource(sourceId) {
      const record = await store.sources.find(sourceId)
      if (record === null) {
        keptStates.drop(sourceId)
        throw new SourceError('source-unreachable', `source ${sourceId} does not exist any more`, {
          sourceId,
        })
      }
      const password = passwordOf(record)
      const config = { ...record.config, ...(password !== undefined && { password }) }
      return open(record.kind, config, keptStates.of(sourceId, fingerprint(record.kind, config)))
    },
    openSourceDraft: (kind, config) => open(kind, config),
    forgetSource: sourceId => keptStates.drop(sourceId),
  }
}

/** Of settings with their secret; only this stays in memory beside what is remembered. */
function fingerprint(kind: string, config: Record<string, unknown>): string {
  return createHash('sha256')
    .update(JSON.stringify([kind, config]))
    .digest('base64')
}
