/** What everything with a name and an id has in common: found or `not-found`, and names that are taken. */
import type { Knex } from 'knex'
import { RappelError } from '../errors.ts'
import { isUniqueViolation } from './dialect.ts'

/** Runs a change in a transaction; a name met twice becomes `name-taken`. */
export async function changing<Result>(
  knex: Knex,
  { noun, name }: { noun: string; name: string | undefined },
  work: (transaction: Knex.Transaction) => Promise<Result>,
): Promise<Result> {
  try {
    return await knex.transaction(work)
  } catch (error) {
    if (isUniqueViolation(error)) throw new RappelError('name-taken', { noun, name }, error)
    throw error
  }
}

export function notFound(noun: string, id: number | string): RappelError {
  return new RappelError('not-found', { noun, id })
}
