/** From parts to the messages that a phone would show, whatever the order and the repetitions. */
import type { ReceivedPart } from './received-part.ts'

/** A message as the phone shows it, whole or not. */
export interface ReceivedMessage {
  recipient: string
  sender: string
  /** Parts in their order; a missing one leaves nothing. */
  text: string
  /** As announced, 1 for a short message. */
  partCount: number
  isComplete: boolean
  parts: ReceivedPart[]
}

/**
 * A part that is repeated begins a second message instead of replacing the first: the phone of a person who was
 * written to twice shows two.
 */
export function reassemble(parts: readonly ReceivedPart[]): ReceivedMessage[] {
  const messages: ReceivedMessage[] = []
  const openByKey = new Map<string, ReceivedMessage[]>()
  for (const part of parts) {
    if (part.partCount <= 1) {
      messages.push(begin(part))
      continue
    }
    const key = `${part.sender}/${part.recipient}/${part.reference}/${part.partCount}`
    const open = openByKey.get(key) ?? []
    const target = open.find(message => message.parts.every(known => known.partNumber !== part.partNumber))
    if (target === undefined) {
      const message = begin(part)
      messages.push(message)
      openByKey.set(key, [...open, message])
      continue
    }
    target.parts.push(part)
    target.isComplete = target.parts.length === target.partCount
    if (target.isComplete) openByKey.set(key, without(open, target))
  }
  for (const message of messages) finish(message)
  return messages
}

function begin(part: ReceivedPart): ReceivedMessage {
  return {
    recipient: part.recipient,
    sender: part.sender,
    text: '',
    partCount: Math.max(part.partCount, 1),
    isComplete: part.partCount <= 1,
    parts: [part],
  }
}

function finish(message: ReceivedMessage): void {
  message.parts.sort((a, b) => a.partNumber - b.partNumber)
  message.text = message.parts.map(part => part.text).join('')
}

function without<Item>(items: readonly Item[], item: Item): Item[] {
  return items.filter(other => other !== item)
}
