/** Feasts: what an administrator knows better than the rules. The schema itself stands with the calendar. */
import { z } from 'zod'

export const feastOverrides = z.record(z.string(), z.unknown()).meta({ id: 'FeastOverrides' })
