/** A command that ends with exit code 1 and says why: one line per problem. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
  readonly lines: readonly string[]

  constructor(lines: string | readonly string[], cause?: unknown) {
    const list = typeof lines === 'string' ? [lines] : lines
    super(list.join('\n'), { cause })
    this.lines = list
  }
}
