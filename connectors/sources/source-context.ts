/** What every source is opened with. */
import type { Clock } from '../clock.ts'
import type { KeptState } from './kept-state.ts'
import type { OwnFiles } from './own-files.ts'

export interface SourceContext {
  clock: Clock
  /** Files that no source may name; absent where the caller has none. */
  ownFiles?: OwnFiles | undefined
  /** What the source remembers between reads; absent: only while it is open. */
  kept?: KeptState
}
