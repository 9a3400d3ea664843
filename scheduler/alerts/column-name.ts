/** A column as an alert's definition names it. */
import { z } from 'zod'
import { longestColumnName } from './triggers/trigger.ts'

export const columnName = z
  .string()
  .min(1)
  .max(longestColumnName)
  .refine(
    name => name.trim() === name && !/\p{Cc}/u.test(name) && name !== '__proto__',
    'a column name as the query spells it, without blanks around it',
  )
