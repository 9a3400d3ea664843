/**
 * What a kind remembers of one source from one read to the next: tokens, answers that may be asked for again, columns.
 * A source is opened for each read and closed behind it; this outlives it. In memory only, for it holds tokens and
 * customers' rows: nothing here is ever written to a disk.
 */

/** One source's memory. What it holds is only a saving: any of it may be gone at the next look. */
export interface KeptState {
  find(key: string): unknown
  /** @param bytes what the value takes, roughly; larger than the whole memory is not kept */
  keep(key: string, value: unknown, bytes: number): void
  forget(key: string): void
}

interface KeptLimits {
  /** Sources remembered at once. */
  sources: number
  /** Keys of one source. */
  keys: number
  /** Of one source. */
  bytesEach: number
  /** Of all sources together. */
  bytes: number
}

/** More sources than any insurer has; of the bytes, what the product may spend beside its 300 MB. */
const usualLimits: KeptLimits = { sources: 200, keys: 1_000, bytesEach: 8_388_608, bytes: 33_554_432 }

interface Kept {
  value: unknown
  bytes: number
}

/** The oldest go first, by their last use. */
class BoundedState implements KeptState {
  readonly #limits: KeptLimits
  readonly #onGrown: () => void
  readonly #kept = new Map<string, Kept>()
  #bytes = 0

  constructor(limits: KeptLimits, onGrown: () => void) {
    this.#limits = limits
    this.#onGrown = onGrown
  }

  get bytes(): number {
    return this.#bytes
  }

  find(key: string): unknown {
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return kept.value
  }

  keep(key: string, value: unknown, bytes: number): void {
    this.forget(key)
    const { bytesEach, keys } = this.#limits
    if (bytes > bytesEach) return
    this.#kept.set(key, { value, bytes })
    this.#bytes += bytes
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= bytesEach && this.#kept.size <= keys) break
      this.forget(oldest)
    }
    this.#onGrown()
  }

  forget(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0
    this.#kept.delete(key)
  }
}

/** A memory that ends with the source that it is given to. */
export function throwAwayState(): KeptState {
  return new BoundedState(usualLimits, () => {})
}

/** The memories of all saved sources. */
export class KeptStates {
  readonly #limits: KeptLimits
  readonly #states = new Map<number, { fingerprint: string; state: BoundedState }>()

  constructor(limits: Partial<KeptLimits> = {}) {
    this.#limits = { ...usualLimits, ...limits }
  }

  /**
   * @param fingerprint of the settings, secrets included: under other settings nothing is remembered
   */
  of(sourceId: number, fingerprint: string): KeptState {
    const known = this.#states.get(sourceId)
    const entry =
      known?.fingerprint === fingerprint
        ? known
        : { fingerprint, state: new BoundedState(this.#limits, () => this.#shrink()) }
    this.#states.delete(sourceId)
    this.#states.set(sourceId, entry)
    this.#shrink()
    return entry.state
  }

  /** A read under way keeps what it has for itself; the next one begins anew. */
  drop(sourceId: number): void {
    this.#states.delete(sourceId)
  }

  #shrink(): void {
    let bytes = 0
    for (const { state } of this.#states.values()) bytes += state.bytes
    for (const [sourceId, { state }] of this.#states) {
      if (bytes <= this.#limits.bytes && this.#states.size <= this.#limits.sources) break
      bytes -= state.bytes
      this.#states.delete(sourceId)
    }
  }
}
