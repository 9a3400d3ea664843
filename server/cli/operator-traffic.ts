/** `rappel operator traffic NAME`: the traffic of a month, or what is to be expected, ready to be sent to the operator. */
import type { Command } from 'commander'
import { traffic, trafficForecast } from '../api/contract/traffic.ts'
import { type CsvCell, csvText } from '../api/csv.ts'
import { forecastRows, trafficRows } from '../api/endpoints/traffic.ts'
import { wholeNumber, withKey } from './operator-actions.ts'
import { type CallOptions, operatorIdOf, serverFor } from './operator-call.ts'
import { tableOf } from './table.ts'

interface TrafficOptions extends CallOptions {
  month?: string
  forecast?: boolean
  days?: number
  csv?: boolean
}

const scopes = 'operators:read,statistics:read,alerts:read'

export function addOperatorTraffic(parent: Command): void {
  withKey(
    parent
      .command('traffic <name>')
      .description('the traffic of a month over an operator, or the traffic to expect'),
    scopes,
  )
    .option('--month <month>', 'as 2027-03; the present month when absent')
    .option('--forecast', 'what the active alerts will send instead: the next 30 days, or the month')
    .option('--days <days>', 'days to foresee, at most 60', wholeNumber)
    .option('--csv', 'as a file for spreadsheets')
    .action(show)
}

async function show(name: string, options: TrafficOptions): Promise<void> {
  const { month, forecast = false, days, csv = false, json = false } = options
  const ask = serverFor(options, scopes)
  const query = new URLSearchParams({
    ...(month !== undefined && { month }),
    ...(forecast && days !== undefined && { days: String(days) }),
  })
  const noun = forecast ? 'traffic-forecast' : 'traffic'
  const answer = await ask(`/operators/${await operatorIdOf(ask, name)}/${noun}?${query}`)
  if (json) {
    process.stdout.write(`${JSON.stringify(answer)}\n`)
    return
  }
  const rows = forecast ? forecastRows(trafficForecast.parse(answer)) : trafficRows(traffic.parse(answer))
  process.stdout.write(csv ? csvText(rows) : tableOf(rows.map(row => row.map(shown))))
}

function shown(cell: CsvCell): string {
  return cell === null ? '' : String(cell)
}
