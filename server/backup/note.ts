/** What a backup says of itself: a row of its settings, taken out again when it is restored. */
import { z } from 'zod'

export const backupNoteName = 'backup-note'

const noteSchema = z.object({
  takenAt: z.iso.datetime(),
  version: z.string().max(40),
  journalId: z.string().max(64).nullable(),
})

export type BackupNote = z.output<typeof noteSchema>

/** null when the text is none that a backup of ours holds. */
export function parseNote(text: string): BackupNote | null {
  try {
    const parsed = noteSchema.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}
