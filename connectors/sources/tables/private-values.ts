/** Values of a table as the private database takes and gives them, so that both ways of a read answer alike. Pure. */
import type { SourceValue } from '../../source.ts'

const mostInt64 = 2n ** 63n - 1n
const leastInt64 = -(2n ** 63n)

/** What is handed on: 1 and 0 for booleans, text for integers beyond 2^53, NULL for what is no number. */
export function plainValue(value: SourceValue): SourceValue {
  switch (typeof value) {
    case 'boolean':
      return value ? 1 : 0
    case 'bigint':
      return plainInteger(value)
    case 'number':
      // SQLite has no -0.
      return Number.isNaN(value) ? null : value + 0
    default:
      return value
  }
}

/** What is bound: whole numbers as INTEGER, which the driver only does with a bigint. */
export function boundValue(value: SourceValue | undefined): SourceValue {
  switch (typeof value) {
    case 'boolean':
      return value ? 1n : 0n
    case 'number':
      return Number.isSafeInteger(value) ? BigInt(value) : value
    case 'bigint':
      return value >= leastInt64 && value <= mostInt64 ? value : value.toString()
    default:
      return value ?? null
  }
}

/** What a result of the private database holds. */
export function resultValue(value: unknown): SourceValue {
  if (typeof value === 'bigint') return plainInteger(value)
  return value instanceof Uint8Array ? new Uint8Array(value) : (value as SourceValue)
}

function plainInteger(value: bigint): number | string {
  const isSafe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
  return isSafe ? Number(value) : value.toString()
}
