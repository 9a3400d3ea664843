/** The visible map of country presets: one file per country, one line here. */
import type { CountryPreset } from '../preset.ts'
import { burkinaFaso } from './bf.ts'
import { benin } from './bj.ts'
import { coteDIvoire } from './ci.ts'
import { cameroon } from './cm.ts'
import { france } from './fr.ts'
import { mali } from './ml.ts'
import { niger } from './ne.ts'
import { senegal } from './sn.ts'
import { togo } from './tg.ts'

export const countryPresets = {
  BF: burkinaFaso,
  CI: coteDIvoire,
  SN: senegal,
  ML: mali,
  NE: niger,
  BJ: benin,
  TG: togo,
  CM: cameroon,
  FR: france,
} as const satisfies Record<string, CountryPreset>

/** ISO 3166-1 alpha-2 of a country that has a preset. */
export type CountryCode = keyof typeof countryPresets

export const countryCodes = Object.keys(countryPresets) as [CountryCode, ...CountryCode[]]
