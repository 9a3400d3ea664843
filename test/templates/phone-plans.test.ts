/**
 * The regular expressions of the presets against libphonenumber: every beginning of four digits in every country,
 * in every usual spelling.
 */
import test from 'ava'
import fc from 'fast-check'
import { type CountryCode as LibraryCountry, parsePhoneNumberFromString } from 'libphonenumber-js/mobile'
import { countryCodes, countryPresets } from '../../templates/text/country-presets.ts'
import { parsePhones } from '../../templates/text/phone.ts'

function byLibrary(text: string, country: LibraryCountry): string | null {
  const number = parsePhoneNumberFromString(text, { defaultCountry: country, extract: false })
  return number?.isValid() ? number.number.slice(1) : null
}

function byPreset(text: string, country: (typeof countryCodes)[number]): string | null {
  const result = parsePhones(text, { country })
  return result.kind === 'phones' ? result.phones[0]!.e164Digits : null
}

for (const code of countryCodes) {
  const preset = countryPresets[code]

  test(`${code}: every beginning of four digits is judged as libphonenumber does`, t => {
    const different: string[] = []
    const tail = '00001234567'.slice(-(preset.nationalDigits - 4))
    for (let head = 0; head < 10_000; head++) {
      const text = `+${preset.callingCode}${String(head).padStart(4, '0')}${tail}`
      // A trunk 0 after the calling code shortens the number; libphonenumber and the preset read it apart below.
      if (preset.trunkPrefix !== '' && head < 1_000) continue
      if (byPreset(text, code) !== byLibrary(text, code)) different.push(text)
    }
    t.deepEqual(different, [])
  })

  test(`${code}: a mobile number reads the same in every usual spelling`, t => {
    const pattern = new RegExp(`^(?:${preset.mobilePattern})$`)
    const digits = fc.stringMatching(pattern)
    const separator = fc.constantFrom('', ' ', '.', '\u00a0')
    const prefixes = [
      `+${preset.callingCode}`,
      `00${preset.callingCode}`,
      preset.callingCode,
      preset.trunkPrefix,
    ]
    fc.assert(
      fc.property(digits, fc.constantFrom(...prefixes), separator, (national, prefix, between) => {
        const spaced = national.replace(/(..)(?=.)/g, `$1${between}`)
        const text = prefix + (prefix === '' ? '' : between) + spaced
        t.is(byPreset(text, code), preset.callingCode + national, text)
        t.is(byLibrary(text, code), preset.callingCode + national, text)
      }),
    )
  })
}
