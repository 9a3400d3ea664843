/**
 * What differs from one country to the next in numbers, money and time: data only.
 *
 * Numbering plans follow libphonenumber's metadata of 2026; `mobilePattern` is proven equal to it by a test.
 * Operator prefixes are a first guess (numbers are ported in CI, SN, CM, FR): they seed an editable table.
 */

export type CountryCode = 'BF' | 'CI' | 'SN' | 'ML' | 'NE' | 'BJ' | 'TG' | 'CM' | 'FR'

export interface CurrencyPreset {
  /** ISO 4217. */
  code: 'XOF' | 'XAF' | 'EUR'
  /** As written after an amount, GSM-7 only. */
  display: string
  decimals: 0 | 2
}

export interface OperatorPrefixes {
  /** Stable key: names change with every purchase, this does not. */
  operator: string
  label: string
  /** Leading national significant digits; the longest match over all operators of the country wins. */
  prefixes: readonly string[]
}

/** An old number as it stands in old files, and what is put in front of it. */
export interface NumberMigration {
  /** Matches the whole old national number. */
  oldPattern: RegExp
  prefix: string
}

export interface CountryPreset {
  code: CountryCode
  callingCode: string
  /** IANA zone. */
  timeZone: string
  currency: CurrencyPreset
  /** Mobile country code, ITU-T E.212. */
  mcc: string
  /** Digits of a national significant number. */
  nationalDigits: number
  /** Dialled before the national number inside the country; empty in a closed plan. */
  trunkPrefix: '' | '0'
  /** Source of a regular expression for the whole national significant number. */
  mobilePattern: string
  /** Leading digits of fixed lines, to say so rather than "invalid". */
  fixedPattern: string
  /** Sizes of the groups shown. */
  displayGroups: readonly number[]
  migrations: readonly NumberMigration[]
  /** Every mobile number begins with 0, which a numeric cell of a spreadsheet loses. */
  restoresLeadingZero: boolean
  operators: readonly OperatorPrefixes[]
}

const westAfricanFranc: CurrencyPreset = { code: 'XOF', display: 'F CFA', decimals: 0 }
const centralAfricanFranc: CurrencyPreset = { code: 'XAF', display: 'F CFA', decimals: 0 }
const euro: CurrencyPreset = { code: 'EUR', display: 'EUR', decimals: 2 }

export const countryPresets: Readonly<Record<CountryCode, CountryPreset>> = {
  BF: {
    code: 'BF',
    callingCode: '226',
    timeZone: 'Africa/Ouagadougou',
    currency: westAfricanFranc,
    mcc: '613',
    nationalDigits: 8,
    trunkPrefix: '',
    mobilePattern: '(?:0[1-7]|4[4-6]|5[0-8]|[67]\\d)\\d{6}',
    fixedPattern: '(?:2\\d|40)\\d{6}',
    displayGroups: [2, 2, 2, 2],
    // 50 and 40 were fixed lines until 2014 and 50-53 are mobile today: nothing can be told from the number.
    migrations: [],
    restoresLeadingZero: false,
    operators: [
      operator('orange', 'Orange', '04 05 06 07 44 45 46 54 55 56 57 64 65 66 67 74 75 76 77'),
      operator('moov', 'Moov Africa', '01 02 03 50 51 52 53 60 61 62 63 70 71 72 73'),
      operator('telecel', 'Telecel Faso', '58 68 69 78 79'),
    ],
  },
  CI: {
    code: 'CI',
    callingCode: '225',
    timeZone: 'Africa/Abidjan',
    currency: westAfricanFranc,
    mcc: '612',
    nationalDigits: 10,
    trunkPrefix: '',
    mobilePattern: '0[157]\\d{8}',
    fixedPattern: '2[157]\\d{8}|[23]\\d{7}',
    displayGroups: [2, 2, 2, 2, 2],
    // 31/01/2021: the second digit of the old mobile number told its operator. Old 2x and 3x were fixed lines.
    migrations: [
      { oldPattern: /^[04-9][7-9]\d{6}$/, prefix: '07' },
      { oldPattern: /^[04-9][4-6]\d{6}$/, prefix: '05' },
      { oldPattern: /^[04-9][0-3]\d{6}$/, prefix: '01' },
    ],
    restoresLeadingZero: true,
    operators: [
      operator('orange', 'Orange', '07'),
      operator('mtn', 'MTN', '05'),
      operator('moov', 'Moov Africa', '01'),
    ],
  },
  SN: {
    code: 'SN',
    callingCode: '221',
    timeZone: 'Africa/Dakar',
    currency: westAfricanFranc,
    mcc: '608',
    nationalDigits: 9,
    trunkPrefix: '',
    mobilePattern: '7(?:[015-8]\\d|21|90)\\d{6}',
    fixedPattern: '3\\d{8}',
    displayGroups: [2, 3, 2, 2],
    migrations: [],
    restoresLeadingZero: false,
    operators: [
      operator('orange', 'Orange', '71 77 78'),
      operator('yas', 'Yas', '76'),
      operator('expresso', 'Expresso', '70'),
      operator('promobile', 'Promobile', '75'),
      operator('hayo', 'HAYO', '721'),
      operator('adie', 'ADIE', '790'),
    ],
  },
  ML: {
    code: 'ML',
    callingCode: '223',
    timeZone: 'Africa/Bamako',
    currency: westAfricanFranc,
    mcc: '610',
    nationalDigits: 8,
    trunkPrefix: '',
    mobilePattern: '2(?:0(?:01|79)|17\\d)\\d{4}|(?:5[0-3]|[679]\\d|8[2-59])\\d{6}',
    fixedPattern: '[24]\\d{7}',
    displayGroups: [2, 2, 2, 2],
    migrations: [],
    restoresLeadingZero: false,
    operators: [
      operator('orange', 'Orange', '7 82 83 84 85 90 91 92 93 94 200'),
      operator('moov', 'Moov Africa Malitel', '6 89 95 96 97 98 99 2079 217'),
      operator('telecel', 'Telecel', '5'),
    ],
  },
  NE: {
    code: 'NE',
    callingCode: '227',
    timeZone: 'Africa/Niamey',
    currency: westAfricanFranc,
    mcc: '614',
    nationalDigits: 8,
    trunkPrefix: '',
    mobilePattern: '(?:23|7[0467]|[89]\\d)\\d{6}',
    fixedPattern: '2[01]\\d{6}',
    displayGroups: [2, 2, 2, 2],
    migrations: [],
    restoresLeadingZero: false,
    operators: [
      operator('airtel', 'Airtel', '77 86 87 88 89 96 97 98 99'),
      operator('zamani', 'Zamani', '23 70 80 81 82 90 91 92'),
      operator('moov', 'Moov Africa', '74 84 85 94 95'),
      operator('niger-telecoms', 'Niger Telecoms', '83 93'),
    ],
  },
  BJ: {
    code: 'BJ',
    callingCode: '229',
    timeZone: 'Africa/Porto-Novo',
    currency: westAfricanFranc,
    mcc: '616',
    nationalDigits: 10,
    trunkPrefix: '',
    mobilePattern: '01(?:2[5-9]|[4-69]\\d)\\d{6}',
    fixedPattern: '012\\d{7}',
    displayGroups: [2, 2, 2, 2, 2],
    // 30/11/2024: every number, fixed and mobile.
    migrations: [{ oldPattern: /^\d{8}$/, prefix: '01' }],
    restoresLeadingZero: true,
    operators: [
      operator('mtn', 'MTN', '0142 0146 015 0161 0162 0166 0167 0169 0190 0191 0196 0197'),
      operator('moov', 'Moov Africa', '0145 0155 0158 0160 0163 0164 0165 0168 0194 0195 0198 0199'),
      operator('celtiis', 'Celtiis', '0128 014 0192 0193'),
    ],
  },
  TG: {
    code: 'TG',
    callingCode: '228',
    timeZone: 'Africa/Lome',
    currency: westAfricanFranc,
    mcc: '615',
    nationalDigits: 8,
    trunkPrefix: '',
    mobilePattern: '(?:7[0-389]|9[0-36-9])\\d{6}',
    fixedPattern: '2\\d{7}',
    displayGroups: [2, 2, 2, 2],
    migrations: [],
    restoresLeadingZero: false,
    operators: [
      operator('yas', 'Yas', '70 71 72 73 90 91 92 93'),
      operator('moov', 'Moov Africa', '78 79 96 97 98 99'),
    ],
  },
  CM: {
    code: 'CM',
    callingCode: '237',
    timeZone: 'Africa/Douala',
    currency: centralAfricanFranc,
    mcc: '624',
    nationalDigits: 9,
    trunkPrefix: '',
    mobilePattern: '(?:24[23]|6(?:[25-9]\\d|4[0-2]))\\d{6}',
    fixedPattern: '2(?:22|33)\\d{6}',
    displayGroups: [1, 2, 2, 2, 2],
    // 21/11/2014.
    migrations: [
      { oldPattern: /^[5679]\d{7}$/, prefix: '6' },
      { oldPattern: /^[23]\d{7}$/, prefix: '2' },
    ],
    restoresLeadingZero: false,
    operators: [
      operator('mtn', 'MTN', '67 650 651 652 653 654 680 681 682 683'),
      operator('orange', 'Orange', '64 655 656 657 658 659 686 687 688 689 69'),
      operator('nexttel', 'Nexttel', '66 684 685'),
      operator('camtel', 'Camtel', '24 62'),
    ],
  },
  FR: {
    code: 'FR',
    callingCode: '33',
    timeZone: 'Europe/Paris',
    currency: euro,
    mcc: '208',
    nationalDigits: 9,
    trunkPrefix: '0',
    mobilePattern: '(?:6(?:[0-24-8]\\d|3[0-8]|9[589])|7[3-9]\\d)\\d{6}',
    fixedPattern: '[1-59]\\d{8}',
    displayGroups: [1, 2, 2, 2, 2],
    migrations: [],
    restoresLeadingZero: false,
    operators: [],
  },
}

export const countryCodes = Object.keys(countryPresets) as CountryCode[]

function operator(code: string, label: string, prefixes: string): OperatorPrefixes {
  return { operator: code, label, prefixes: prefixes.split(' ') }
}
