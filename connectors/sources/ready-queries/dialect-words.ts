/** The few words in which dialects differ where the ready-made queries need them. Pure. */
import type { SqlDialect } from '../sql-tokens.ts'

export interface DialectWords {
  /** The day of `:today`, some days later or (negative) earlier. */
  day(offsetDays: number): string
  /** `:watermark` as a moment. */
  watermark: string
  /** A column's name as a result shows it. */
  spelled(name: string): string
  hasComments: boolean
}

type Words = Pick<DialectWords, 'day' | 'watermark'>

const words: Record<SqlDialect, Words> = {
  postgres: {
    day: days => `CAST(:today AS date) ${signed(days)}`,
    watermark: 'CAST(:watermark AS timestamp)',
  },
  mysql: { day: days => `DATE_ADD(:today, INTERVAL ${days} DAY)`, watermark: ':watermark' },
  sqlite: { day: days => `date(:today, '${days < 0 ? '' : '+'}${days} days')`, watermark: ':watermark' },
  mssql: {
    day: days => `DATEADD(day, ${days}, CAST(:today AS date))`,
    watermark: 'CAST(:watermark AS datetime)',
  },
  oracle: {
    day: days => `TO_DATE(:today, 'YYYY-MM-DD') ${signed(days)}`,
    watermark: "TO_DATE(:watermark, 'YYYY-MM-DD HH24:MI:SS')",
  },
  informix: {
    day: days => `TO_DATE(:today, '%Y-%m-%d') ${signed(days)} UNITS DAY`,
    watermark: "TO_DATE(:watermark, '%Y-%m-%d %H:%M:%S')",
  },
  db2: { day: days => `DATE(:today) ${signed(days)} DAYS`, watermark: 'TIMESTAMP(:watermark)' },
  access: { day: days => `DateAdd('d', ${days}, CDate(:today))`, watermark: 'CDate(:watermark)' },
  ansi: {
    day: days => `CAST(:today AS DATE) ${days < 0 ? '-' : '+'} INTERVAL '${Math.abs(days)}' DAY`,
    watermark: 'CAST(:watermark AS TIMESTAMP)',
  },
}

/** These show names that are not quoted in capitals. */
const capitals: ReadonlySet<SqlDialect> = new Set(['oracle', 'db2'])

export function wordsOf(dialect: SqlDialect): DialectWords {
  return {
    ...words[dialect],
    spelled: name => (capitals.has(dialect) ? name.toUpperCase() : name),
    // The guard lets no comment through to Access, which has none, and to what may be Access.
    hasComments: dialect !== 'access' && dialect !== 'ansi',
  }
}

function signed(days: number): string {
  return `${days < 0 ? '-' : '+'} ${Math.abs(days)}`
}
