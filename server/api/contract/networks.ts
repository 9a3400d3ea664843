/** Networks: the prefix table of each country. A first guess where numbers are ported. */
import { z } from 'zod'
import { countryCodes } from '../../../templates/text/country-presets.ts'
import { name } from './values.ts'

const networkCode = z.string().regex(/^[a-z0-9-]{1,40}$/, 'small letters, digits and hyphens')

const network = z.strictObject({
  country: z.enum(countryCodes),
  /** Stable: rules and numbers name it. */
  code: networkCode,
  label: name,
  /** Leading national digits; the longest match over the country's networks wins. */
  prefixes: z.array(z.string().regex(/^\d{1,12}$/, '1 to 12 digits')).max(2_000),
})

/** A country without networks in the request has none; one that is as shipped goes on following the product. */
export const networkTable = z
  .strictObject({ networks: z.array(network).max(450) })
  .meta({ id: 'NetworkTable' })
