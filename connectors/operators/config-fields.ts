/** Settings that every operator protocol has, and the pieces that its schema is made of. */
import { isIP } from 'node:net'
import { z } from 'zod'
import type { RefusalClass } from '../operator.ts'

export const refusalClasses = [
  'permanent',
  'temporary',
  'throttle',
  'link',
  'route',
  'invalid-recipient',
] as const satisfies readonly RefusalClass[]

/** A duration in seconds; `about` is the beginning of its description. */
export const seconds = (defaultSeconds: number, about: string) =>
  z.number().min(0.1).max(86_400).default(defaultSeconds).describe(`${about}, seconds`)

export const printable = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[\x20-\x7e]*$/, 'printable ASCII only')

export const ownAddress = z.string().refine(address => isIP(address) !== 0, 'an IP address of this machine')

export const partsPerSecond = z
  .number()
  .int()
  .min(0)
  .max(2000)
  .default(10)
  .describe('Throughput of the contract, parts in any one second; 0 is unlimited')

export const throughputGroup = z
  .string()
  .min(1)
  .max(40)
  .optional()
  .describe('Name of the short code whose throughput several operators share; absent: this one has its own')
