/** The way back into a source, as it is set up: its settings with the account that may write in place of the reader. */
import type { Clock } from '../../connectors/clock.ts'
import type { SourceWriter } from '../../connectors/source.ts'
import { type SourceKind, type SourceKindName, sourceKinds } from '../../connectors/sources/kinds.ts'
import type { OwnFiles } from '../../connectors/sources/own-files.ts'
import { openPassword } from '../sealed-passwords.ts'
import type { SecretBox } from '../secrets.ts'
import type { Store } from '../store/operations.ts'
import type { SourceRecord } from '../store/sources.ts'
import type { WriteBackSettings } from '../store/write-back-settings.ts'
import type { OpenWriteBack } from './write-backs.ts'

export interface WriteBackOpening {
  store: Pick<Store, 'sources' | 'writeBackSettings'>
  secrets: SecretBox
  clock: Clock
  /** Files of the product, which nothing may write either. */
  ownFiles?: OwnFiles | undefined
}

/**
 * @returns null when the source or its write-back is gone
 * @throws SourceError; PasswordNotReadable; z.ZodError for settings that an older version stored
 */
export async function openWriteBack(
  sourceId: number,
  { store, secrets, clock, ownFiles }: WriteBackOpening,
): Promise<OpenWriteBack | null> {
  // In this order: a source that was moved has lost the password before it has its new address.
  const record = await store.sources.find(sourceId)
  const settings = record === null ? null : await store.writeBackSettings.find(sourceId)
  if (record === null || settings === null) return null
  const { name } = record
  const password = openPassword(secrets, 'write-back', {
    id: sourceId,
    name,
    sealedPassword: settings.sealedPassword,
  })
  const writer = openWriter(record, settings, { clock, ownFiles, password })
  return writer === null ? null : { name, statement: settings.statement, writer }
}

function openWriter(
  { kind, config }: SourceRecord,
  { account }: Pick<WriteBackSettings, 'account'>,
  {
    clock,
    ownFiles,
    password,
  }: Pick<WriteBackOpening, 'clock' | 'ownFiles'> & { password: string | undefined },
): SourceWriter | null {
  const known: SourceKind | undefined = sourceKinds[kind as SourceKindName]
  if (known?.openWriter === undefined) return null
  const own = { ...(account !== null && { user: account }), ...(password !== undefined && { password }) }
  return known.openWriter({ ...config, ...own }, { clock, ownFiles })
}

/** Whether sources of a kind can be written back to at all. */
export function canBeWritten(kind: string): boolean {
  const known: SourceKind | undefined = sourceKinds[kind as SourceKindName]
  return known?.openWriter !== undefined
}
