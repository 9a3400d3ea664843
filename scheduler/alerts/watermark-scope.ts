/** What a watermark counts; apart from watermark.ts because the store's thread needs no more of it. */

interface Scoped {
  sourceId: number
  incremental?: { kind: string; column: string } | undefined
}

/** With another source or column the old watermark means nothing. Empty for an alert that reads everything. */
export function watermarkScope({ sourceId, incremental }: Scoped): string {
  return incremental === undefined ? '' : JSON.stringify([sourceId, incremental.kind, incremental.column])
}
