/** Whether a receipt says that the operator does not know the phone. Pure. */
import type { DeliveryReceipt } from '../../../connectors/operator.ts'

/**
 * A test for receipts by the words of the policy. Words are compared without regard to case and leading zeros, so
 * that `err:101` also stands for `err:0101`.
 *
 * @param words such as `err:101`, `network:3/1`, `rsn:101`
 */
export function createUnknownSubscriberTest(
  words: readonly string[],
): (receipt: Pick<DeliveryReceipt, 'state' | 'detail'>) => boolean {
  const known = new Set(words.map(canonical))
  return ({ state, detail }) => {
    // Nearly every receipt ends here.
    if (state !== 'undelivered' && state !== 'rejected') return false
    return detail.split(/[\s,;]+/).some(word => known.has(canonical(word)))
  }
}

function canonical(word: string): string {
  return word
    .trim()
    .toLowerCase()
    .replace('=', ':')
    .replace(/(?<=[:/])0+(?=\w)/g, '')
}
