import test from 'ava'
import fc from 'fast-check'
import type { SourceValue } from '../../../connectors/source.ts'
import {
  type ColumnReader,
  columnReader,
  TdsCursor,
  TdsShortage,
} from '../../../connectors/sources/mssql-values.ts'
import { rowWriter, type TdsColumn, type TdsValue } from '../../support/tds/columns.ts'

/** The reader of a column as the driver would describe it. */
function readerOf({ type }: TdsColumn): ColumnReader {
  const [, name = '', first, second] = /^(\w+)(?:\((\w+)(?:,(\d+))?\))?/.exec(type) ?? []
  const isMax = first === 'max'
  const names: Record<string, string> = {
    decimal: 'DecimalN',
    money: 'MoneyN',
    smallmoney: 'MoneyN',
    bigint: 'IntN',
    date: 'Date',
    datetime: 'DateTimeN',
    datetime2: 'DateTime2',
    datetimeoffset: 'DateTimeOffset',
    time: 'Time',
    nvarchar: 'NVarChar',
    varchar: 'VarChar',
    uniqueidentifier: 'UniqueIdentifier',
  }
  return columnReader(
    {
      colName: 'x',
      type: { name: names[name]! },
      scale: Number(second ?? first),
      dataLength: isMax ? 0xffff : Number(first),
      collation: { codepage: 'CP1252' },
    },
    'utf8',
  )
}

function roundTrip(column: TdsColumn, value: TdsValue): SourceValue {
  const row = rowWriter([column], false)([value])
  const cursor = new TdsCursor(Buffer.concat([row, Buffer.from([0xd1, 0xff])]), 1)
  const read = readerOf(column)(cursor)
  if (cursor.at !== row.length) throw new Error(`${cursor.at} bytes read of ${row.length}`)
  return read
}

const column = (type: string): TdsColumn => ({ name: 'x', type })

test('every decimal of 38 digits is read digit by digit', t => {
  const digits = fc.bigInt(-(10n ** 38n) + 1n, 10n ** 38n - 1n)
  fc.assert(
    fc.property(digits, fc.integer({ min: 0, max: 38 }), (value, scale) => {
      const text = (value < 0n ? -value : value).toString().padStart(scale + 1, '0')
      const whole = `${value < 0n ? '-' : ''}${text.slice(0, text.length - scale)}`
      const expected = scale === 0 ? whole : `${whole}.${text.slice(text.length - scale)}`
      return roundTrip(column(`decimal(38,${scale})`), expected) === expected
    }),
  )
  t.is(roundTrip(column('decimal(9,2)'), '-0.05'), '-0.05')
  t.is(roundTrip(column('decimal(9,2)'), '0.00'), '0.00')
})

test('every amount of money is read to its ten-thousandth', t => {
  for (const value of ['922337203685477.5807', '-922337203685477.5808', '-0.0001', '0.0000', '1234.5000']) {
    t.is(roundTrip(column('money'), value), value)
  }
  t.is(roundTrip(column('smallmoney'), '-214748.3648'), '-214748.3648')
})

test('every instant of every scale comes out as it was written, in any time zone of this machine', t => {
  const seconds = fc.integer({ min: 0, max: 315_537_897_599 })
  fc.assert(
    fc.property(seconds, fc.integer({ min: 1, max: 7 }), fc.nat(9_999_999), (second, scale, part) => {
      const iso = new Date(Date.parse('0001-01-01T00:00:00Z') + second * 1_000).toISOString()
      const whole = `${iso.slice(0, 10)} ${iso.slice(11, 19)}`
      const fraction = String(part).padStart(7, '0').slice(0, scale)
      const text = Number(fraction) === 0 ? whole : `${whole}.${fraction}`
      return roundTrip(column(`datetime2(${scale})`), text) === text
    }),
  )
  const zones = ['+00:00', '+01:00', '-03:30', '+13:45', '-14:00', '+14:00']
  for (const zone of zones) {
    for (const local of ['2027-01-01 00:00:00', '2027-12-31 23:59:59.999', '2028-02-29 12:00:00']) {
      t.is(roundTrip(column('datetimeoffset(3)'), `${local} ${zone}`), `${local} ${zone}`)
    }
  }
})

test('datetime shows its three-hundredths as the server does', t => {
  for (const fraction of ['', '.003', '.007', '.010', '.997']) {
    t.is(roundTrip(column('datetime'), `1753-01-01 23:59:59${fraction}`), `1753-01-01 23:59:59${fraction}`)
  }
})

test('a value cut at any byte asks for more and reads nothing wrong', t => {
  const values: [string, TdsValue][] = [
    ['decimal(18,2)', '123.45'],
    ['datetime2(7)', '2027-01-01 02:03:04.1234567'],
    ['nvarchar(40)', 'Ouédraogo'],
    ['nvarchar(max)', 'Aïcha'.repeat(20)],
    ['varchar(40)', 'Zoé'],
    ['uniqueidentifier', '01234567-89AB-CDEF-0123-456789ABCDEF'],
  ]
  for (const [type, value] of values) {
    const row = rowWriter([column(type)], false)([value])
    for (let end = 1; end < row.length; end += 1) {
      const error = t.throws(() => readerOf(column(type))(new TdsCursor(row.subarray(0, end), 1)), {
        instanceOf: TdsShortage,
      })
      t.true(error.bytes > end - 1, type)
    }
    t.is(roundTrip(column(type), value), value as SourceValue)
  }
})

test('bytes that no server sends are an error and nothing else', t => {
  const kinds = [
    ...['DecimalN', 'MoneyN', 'IntN', 'FloatN', 'BitN', 'DateTimeN', 'Date', 'Time', 'DateTime2'],
    ...[
      'DateTimeOffset',
      'UniqueIdentifier',
      'NVarChar',
      'VarChar',
      'Text',
      'Xml',
      'Variant',
      'Image',
      'UDT',
    ],
  ]
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(255),
      fc.constantFrom(40, 0xffff),
      (name, bytes, scale, dataLength) => {
        const read = columnReader({ colName: 'x', type: { name }, scale, dataLength }, 'utf8')
        try {
          read(new TdsCursor(Buffer.from(bytes), 0))
        } catch (error) {
          return error instanceof Error
        }
        return true
      },
    ),
    { numRuns: 3_000 },
  )
  t.pass()
})
