/**
 * Reading of cron expressions: five fields (minute, hour, day of month, month, weekday), six with seconds in
 * front, or a nickname such as `@daily`. The language is node-cron's, which has the last word in
 * alerts/schedule.ts; our own reader stands before it, because every refusal must name the field and what was
 * expected, because sizes must be bounded before anything is expanded, and because next-run.ts needs the values.
 */

export type CronFieldName = 'expression' | 'second' | 'minute' | 'hour' | 'day-of-month' | 'month' | 'weekday'

/** A rule for days that depends on the month: `L`, `L-2`, `5L` (last Friday), `1#2` (second Monday). */
export type MonthDayRule =
  | { kind: 'last-day'; before: number }
  | { kind: 'last-weekday'; weekday: number }
  | { kind: 'nth-weekday'; weekday: number; nth: number }

export interface Cron {
  kind: 'cron'
  /** Ascending values without repeats. Weekdays are 0 Sunday … 6 Saturday. */
  seconds: readonly number[]
  minutes: readonly number[]
  hours: readonly number[]
  daysOfMonth: ReadonlySet<number>
  months: ReadonlySet<number>
  weekdays: ReadonlySet<number>
  monthDayRules: readonly MonthDayRule[]
  weekdayRules: readonly MonthDayRule[]
  /** Neither day field starts with `*`: a day matches when either does (crontab(5)). */
  isEitherDay: boolean
  /** Every hour of the day: an interval that runs at each real instant, see next-run.ts. */
  isInterval: boolean
}

export type ParsedCron = Cron | { kind: 'invalid'; field: CronFieldName; expected: string }

interface FieldShape {
  name: CronFieldName
  low: number
  high: number
  names: readonly string[]
  expected: string
}

interface Field {
  values: number[]
  rules: MonthDayRule[]
  isStar: boolean
}

/** Longest expression read: a full list of sixty minutes is 168 characters. */
const longestExpression = 500

const nicknames: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const shapes: readonly FieldShape[] = [
  { name: 'second', low: 0, high: 59, names: [], expected: '0-59, *, lists, ranges or steps' },
  { name: 'minute', low: 0, high: 59, names: [], expected: '0-59, *, lists, ranges or steps' },
  { name: 'hour', low: 0, high: 23, names: [], expected: '0-23, *, lists, ranges or steps' },
  {
    name: 'day-of-month',
    low: 1,
    high: 31,
    names: [],
    expected: '1-31, L, L-1 to L-30, *, lists, ranges or steps',
  },
  {
    name: 'month',
    low: 1,
    high: 12,
    names: monthNames,
    expected: '1-12 or jan-dec, *, lists, ranges or steps',
  },
  {
    name: 'weekday',
    low: 0,
    high: 7,
    names: weekdayNames,
    expected: '0-7 (0 and 7 are Sunday) or sun-sat, 5L, 1#2, *, lists, ranges or steps',
  },
]

/**
 * Reads a cron expression.
 *
 * @param expression as an administrator writes it; case and extra blanks do not matter
 * @returns the schedule, or the first field that cannot be read and what was expected there
 * @see crontab(5) of Vixie cron for lists, ranges, steps and the rule on the two day fields
 */
export function parseCron(expression: string): ParsedCron {
  const expected =
    'five fields (minute hour day month weekday), six with seconds first, or @daily and the like'
  if (expression.length > longestExpression) return { kind: 'invalid', field: 'expression', expected }
  const text = expression.trim().toLowerCase()
  const spelled = Object.hasOwn(nicknames, text) ? nicknames[text]! : text
  const parts = spelled.split(/\s+/)
  if (parts.length === 5) parts.unshift('0')
  if (parts.length !== 6) return { kind: 'invalid', field: 'expression', expected }

  const fields: Field[] = []
  for (const [index, shape] of shapes.entries()) {
    const field = parseField(parts[index]!, shape)
    if (field === null) return { kind: 'invalid', field: shape.name, expected: shape.expected }
    fields.push(field)
  }
  const [second, minute, hour, dayOfMonth, month, weekday] = fields as [
    Field,
    Field,
    Field,
    Field,
    Field,
    Field,
  ]
  return {
    kind: 'cron',
    seconds: second.values,
    minutes: minute.values,
    hours: hour.values,
    daysOfMonth: new Set(dayOfMonth.values),
    months: new Set(month.values),
    weekdays: new Set(weekday.values.map(value => value % 7)),
    monthDayRules: dayOfMonth.rules,
    weekdayRules: weekday.rules,
    isEitherDay: !dayOfMonth.isStar && !weekday.isStar,
    isInterval: hour.values.length === 24,
  }
}

function parseField(text: string, shape: FieldShape): Field | null {
  const values = new Set<number>()
  const rules: MonthDayRule[] = []
  for (const item of text.split(',')) {
    const rule = parseRule(item, shape)
    if (rule !== null) {
      rules.push(rule)
      continue
    }
    const range = parseRange(item, shape)
    if (range === null) return null
    for (let value = range.from; value <= range.to; value += range.step) values.add(value)
  }
  return { values: [...values].sort((a, b) => a - b), rules, isStar: text.startsWith('*') }
}

/** `*`, `5`, `1-5`, `*` or a range with `/step`; `5/15` is refused, as cron and node-cron do. */
function parseRange(item: string, shape: FieldShape): { from: number; to: number; step: number } | null {
  const match = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d{1,2}))?$/.exec(item)
  if (match === null) return null
  const [, star, first, last, stepText] = match
  const step = stepText === undefined ? 1 : Number(stepText)
  if (step < 1) return null
  // The seventh weekday is Sunday again: a star must not count it twice under a step.
  if (star !== undefined) return { from: shape.low, to: shape.name === 'weekday' ? 6 : shape.high, step }
  if (last === undefined && stepText !== undefined) return null
  const from = parseValue(first!, shape)
  const to = last === undefined ? from : parseValue(last, shape)
  if (from === null || to === null) return null
  // `sat-sun` and `fri-0` end on the Sunday that closes the week.
  const end = shape.name === 'weekday' && to === 0 && from > 0 ? 7 : to
  return from <= end ? { from, to: end, step } : null
}

function parseValue(text: string, shape: FieldShape): number | null {
  const named = shape.names.indexOf(text.slice(0, 3))
  if (named !== -1 && (text.length === 3 || isLongName(text, shape))) {
    return named + (shape.name === 'month' ? 1 : 0)
  }
  if (!/^\d{1,2}$/.test(text)) return null
  const value = Number(text)
  return value >= shape.low && value <= shape.high ? value : null
}

const longNames: readonly string[] = [
  ...['january', 'february', 'march', 'april', 'june', 'july', 'august', 'september', 'october', 'november'],
  ...['december', 'sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'],
]

function isLongName(text: string, shape: FieldShape): boolean {
  return longNames.includes(text) && shape.names.length > 0
}

function parseRule(item: string, shape: FieldShape): MonthDayRule | null {
  if (shape.name === 'day-of-month') {
    const match = /^l(?:-(\d{1,2}))?$/.exec(item)
    const before = Number(match?.[1] ?? 0)
    return match !== null && before <= 30 ? { kind: 'last-day', before } : null
  }
  if (shape.name !== 'weekday') return null
  const last = /^([0-7])l$/.exec(item)
  if (last !== null) return { kind: 'last-weekday', weekday: Number(last[1]) % 7 }
  const nth = /^([0-7])#([1-5])$/.exec(item)
  return nth === null ? null : { kind: 'nth-weekday', weekday: Number(nth[1]) % 7, nth: Number(nth[2]) }
}
