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
  let keys: string[] = []
  for (const [index, id] of ids.entries()) {
    // Most receipts say the same in both places, or say it in one.
    if (id.trim() === '' || ids.indexOf(id) < index) continue
    const own = spellings(remoteIdKey(id), mode)
    keys = keys.length === 0 ? own : [...keys, ...own.filter(key => !keys.includes(key))]
  }
  return keys
}

/** Each once. */
function spellings(key: string, mode: ReceiptIdMode): string[] {
  const hex = mode === 'hex-answer' || mode === 'auto' ? decimalAsHex(key) : key
  const decimal = mode === 'decimal-answer' || mode === 'auto' ? hexAsDecimal(key) : key
  if (hex === key) {
    if (decimal === key) return [key]
    return mode === 'decimal-answer' ? [decimal, key] : [key, decimal]
  }
  if (mode === 'hex-answer') return [hex, key]
  return decimal === key || decimal === hex ? [key, hex] : [key, hex, decimal]
}

/** The key itself when it is no decimal number. */
function decimalAsHex(key: string): string {
  if (key.length > longestDecimal || !/^\d+$/.test(key)) return key
  const hex = key.length <= exactDigits ? Number(key).toString(16) : BigInt(key).toString(16)
  return hex.toUpperCase()
}

/** The key itself when it is no hexadecimal number. */
function hexAsDecimal(key: string): string {
  if (key.length > longestHex || !/^[0-9A-F]+$/.test(key)) return key
  return key.length <= exactDigits ? String(Number.parseInt(key, 16)) : BigInt(`0x${key}`).toString()
}
