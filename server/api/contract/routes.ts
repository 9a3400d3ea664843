/** Routes: which operators carry which numbers, replaced as a whole. */
import { z } from 'zod'
import { id } from './values.ts'

const route = z.strictObject({
  /** First digits of the international number; empty for every number. */
  prefix: z.string().regex(/^\d{0,15}$/, 'at most 15 digits'),
  /** 1 is tried first. */
  rank: z.int().min(1).max(100),
  operatorId: id,
})

export const routeTable = z.strictObject({ routes: z.array(route).max(5_000) }).meta({ id: 'RouteTable' })
