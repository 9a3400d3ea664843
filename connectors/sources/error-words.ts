/** What an error tells that a driver, Node or a child process threw: its code, its words, what caused it. */

/** @param absent where the error has no code */
export function errorCode(error: unknown, absent = ''): string {
  return error instanceof Error && 'code' in error ? String(error.code) : absent
}

/** An error that is told apart by its code, also across processes. */
export function codedError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** Node joins the failures of several addresses in an AggregateError without a message of its own. */
export function errorWords(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(errorWords).join('; ')
  return error instanceof Error ? error.message : String(error)
}

/** The error and what it was wrapped around, outermost first. */
export function causesOf(error: unknown): unknown[] {
  const chain: unknown[] = []
  // Four levels are the most that a driver makes; a circle of causes must end too.
  for (let at = error; at !== undefined && at !== null && chain.length < 4; ) {
    chain.push(at)
    at = at instanceof AggregateError ? at.errors[0] : at instanceof Error ? at.cause : undefined
  }
  return chain
}
