/**
 * Things that fall due: receipts, late answers, deliveries to try again. Any number of them share one timer, and
 * everything due in the same slot is handed over in one call, so that it can leave in one socket write.
 */
import type { Cancel, Clock } from '../../clock.ts'

/** Slots are this wide: a receipt 10 ms late is no matter, a timer per message is. */
const slotMs = 10

export class DueQueue<Item> {
  readonly #clock: Clock
  readonly #onDue: (items: Item[]) => void
  readonly #slots = new Map<number, Item[]>()
  /** Slot numbers waiting, least first (binary heap). */
  readonly #heap: number[] = []
  #cancel: Cancel | null = null
  #armedFor = Number.POSITIVE_INFINITY
  #size = 0

  /** @param onDue called with the items of each slot in the order they were added */
  constructor(clock: Clock, onDue: (items: Item[]) => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  get size(): number {
    return this.#size
  }

  /** @param atMs epoch ms; never handed over earlier, at most one slot later */
  add(atMs: number, item: Item): void {
    const slot = Math.ceil(atMs / slotMs)
    const items = this.#slots.get(slot)
    this.#size += 1
    if (items !== undefined) {
      items.push(item)
      return
    }
    this.#slots.set(slot, [item])
    push(this.#heap, slot)
    this.#arm()
  }

  /** Forgets everything and stops the timer. */
  clear(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#armedFor = Number.POSITIVE_INFINITY
    this.#slots.clear()
    this.#heap.length = 0
    this.#size = 0
  }

  #arm(): void {
    const first = this.#heap[0]
    if (first === undefined || first >= this.#armedFor) return
    this.#cancel?.()
    this.#armedFor = first
    this.#cancel = this.#clock.after(Math.max(first * slotMs - this.#clock.nowMs(), 0), () => this.#fire())
  }

  #fire(): void {
    this.#cancel = null
    this.#armedFor = Number.POSITIVE_INFINITY
    const nowMs = this.#clock.nowMs()
    for (let slot = this.#heap[0]; slot !== undefined && slot * slotMs <= nowMs; slot = this.#heap[0]) {
      pop(this.#heap)
      const items = this.#slots.get(slot) ?? []
      this.#slots.delete(slot)
      this.#size -= items.length
      this.#onDue(items)
    }
    this.#arm()
  }
}

function push(heap: number[], value: number): void {
  let index = heap.push(value) - 1
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (heap[parent]! <= value) break
    heap[index] = heap[parent]!
    index = parent
  }
  heap[index] = value
}

function pop(heap: number[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let index = 0
  for (;;) {
    let child = 2 * index + 1
    if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child += 1
    if (child >= heap.length || heap[child]! >= last) break
    heap[index] = heap[child]!
    index = child
  }
  heap[index] = last
}
