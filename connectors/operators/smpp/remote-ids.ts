/**
 * Spellings of a message id. Many SMSCs answer a submit in hexadecimal and write decimal in the receipt, or the
 * reverse; ids have 64 bits, more than a double holds.
 */
import { remoteIdKey } from '../../operator.ts'
import type { SmppConfig } from './config.ts'

export type ReceiptIdMode = SmppConfig['receiptIdMode']

/** 64 bits: 16 hexadecimal or 20 decimal digits. */
const longestHex = 16
const longestDecimal = 20
/** Up to 12 digits of either base a double is exact, and several times as fast as a BigInt. */
const exactDigits = 12

/**
 * Keys under which the submit's answer may be stored, the likeliest first.
 *
 * @param ids ids as the receipt has them: TLV first, then text
 * @param mode how this SMSC spells; `auto` offers every spelling
 */
export function remoteIdKeys(ids: readonly string[], mode: ReceiptIdMode): string[] {
  const keys: string[] = []
  for (const id of ids) {
    if (id.trim() === '') continue
    for (const key of spellings(remoteIdKey(id), mode)) if (!keys.includes(key)) keys.push(key)
  }
  return keys
}

function spellings(key: string, mode: ReceiptIdMode): string[] {
  switch (mode) {
    case 'same':
      return [key]
    case 'hex-answer':
      return [...decimalAsHex(key), key]
    case 'decimal-answer':
      return [...hexAsDecimal(key), key]
    case 'auto':
      return [key, ...decimalAsHex(key), ...hexAsDecimal(key)]
  }
}

function decimalAsHex(key: string): string[] {
  if (key.length > longestDecimal || !/^\d+$/.test(key)) return []
  const hex = key.length <= exactDigits ? Number(key).toString(16) : BigInt(key).toString(16)
  return [hex.toUpperCase()]
}

function hexAsDecimal(key: string): string[] {
  if (key.length > longestHex || !/^[0-9A-F]+$/.test(key)) return []
  return [key.length <= exactDigits ? String(Number.parseInt(key, 16)) : BigInt(`0x${key}`).toString()]
}
