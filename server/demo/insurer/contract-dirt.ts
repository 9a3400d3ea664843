/** Dirties the premiums, dates and plates of contracts by the shares of dirt.ts. */

import type { Contract } from './contracts.ts'
import { asCompact, asExcelSerial, asFrench, type Day } from './days.ts'
import { type DirtCounts, impossibleDays } from './dirt.ts'
import { createDirtPicker } from './pick-dirty.ts'
import { createRandom } from './random.ts'

/** @param shownFirst indexes of the contracts that today's alerts reach */
export function dirtyContracts(
  seed: number,
  contracts: readonly Contract[],
  dirt: DirtCounts,
  shownFirst: ReadonlySet<number>,
): void {
  const random = createRandom(seed, 'contract-dirt')
  const all = [...contracts.keys()]
  const withVehicle = all.filter(index => contracts[index]!.vehicles.length > 0)
  // A day that cannot be read is nobody's reminder: it would only take one of today's few dozen away.
  const notReminded = all.filter(index => !shownFirst.has(index))
  const premiums = createDirtPicker(random, shownFirst)
  const dates = createDirtPicker(random, shownFirst)
  const plates = createDirtPicker(random, shownFirst)
  const chosen = (indexes: number[]): Contract[] => indexes.map(index => contracts[index]!)

  for (const contract of chosen(premiums.take(dirt['premium-missing'], all))) contract.premium = null
  for (const contract of chosen(premiums.take(dirt['premium-spaced-text'], all))) {
    contract.premium = String(contract.premium).replace(/\B(?=(\d{3})+$)/g, ' ')
  }
  for (const contract of chosen(premiums.take(dirt['premium-currency-text'], all))) {
    contract.premium = `${contract.premium},00 F`
  }

  const respell = (indexes: number[], spell: (day: Day) => string): void => {
    for (const contract of chosen(indexes)) {
      contract.effectText = spell(contract.effect)
      contract.expiryText = spell(contract.expiry)
    }
  }
  respell(dates.take(dirt['date-dd-mm-yyyy'], all), asFrench)
  respell(dates.take(dirt['date-yyyymmdd'], all), asCompact)
  respell(dates.take(dirt['date-excel-serial'], all), asExcelSerial)
  for (const contract of chosen(dates.take(dirt['date-impossible'], notReminded))) {
    contract.expiryText = `${random.pick(impossibleDays)}/${contract.expiry.slice(0, 4)}`
  }

  for (const contract of chosen(plates.take(dirt['plate-blank'], withVehicle))) {
    contract.vehicles[0]!.plate = random.pick([null, '', '   '])
  }
  for (const contract of chosen(plates.take(dirt['plate-padded'], withVehicle))) {
    contract.vehicles[0]!.plate = contract.vehicles[0]!.plate!.padEnd(15)
  }
}
