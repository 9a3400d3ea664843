/**
 * Operators whose account a diagnosis uses while they are stopped. An operator that is started takes its account back:
 * two sessions at once would throw each other out.
 */
export interface BorrowedAccounts {
  /**
   * Runs with the account of an operator that is stopped.
   *
   * @param run must end soon after its signal is aborted
   * @returns null when somebody has it already
   */
  borrow<Result>(operatorId: number, run: (signal: AbortSignal) => Promise<Result>): Promise<Result | null>
  /** Resolves when nobody uses the account any more. */
  takeBack(operatorId: number): Promise<void>
  takeBackAll(): Promise<void>
}

export function createBorrowedAccounts(): BorrowedAccounts {
  const borrowers = new Map<number, { controller: AbortController; over: Promise<void> }>()

  async function takeBack(operatorId: number): Promise<void> {
    const borrower = borrowers.get(operatorId)
    borrower?.controller.abort()
    await borrower?.over
  }

  return {
    async borrow(operatorId, run) {
      if (borrowers.has(operatorId)) return null
      const controller = new AbortController()
      const over = Promise.withResolvers<void>()
      borrowers.set(operatorId, { controller, over: over.promise })
      try {
        return await run(controller.signal)
      } finally {
        borrowers.delete(operatorId)
        over.resolve()
      }
    },
    takeBack,
    async takeBackAll() {
      await Promise.all([...borrowers.keys()].map(takeBack))
    },
  }
}
