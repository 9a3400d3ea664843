/**
 * Operation 31, by which both sides and everything between them know that the connection is in use. A machine that is
 * given the time, on the session's heartbeat.
 */

export interface KeepAlive {
  /** An operation of ours left. */
  sent(elapsedMs: number): void
  /** The SMSC knows no operation 31: the connection is well, and TCP has to watch over it from now on. */
  disable(): void
  /** Whether to send one now. */
  isDue(elapsedMs: number): boolean
}

export function createKeepAlive(idleMs: number): KeepAlive {
  let lastSentMs = 0
  let isDisabled = false
  return {
    sent(elapsedMs) {
      lastSentMs = elapsedMs
    },
    disable() {
      isDisabled = true
    },
    isDue: elapsedMs => !isDisabled && elapsedMs - lastSentMs >= idleMs,
  }
}
