/** Templates compiled once and kept for some seconds: a caller that sends by template asks the store rarely. */
import type { Clock } from '../../connectors/clock.ts'
import { TemplateError } from '../../templates/parse.ts'
import { type CompiledTemplate, compileTemplate } from '../../templates/render.ts'
import type { CountryCode } from '../../templates/text/country-presets.ts'
import { RappelError } from '../errors.ts'
import type { Store } from '../store/operations.ts'
import { templateInvalid } from './failures.ts'

export interface TemplateShelf {
  /** The newest version. @throws RappelError `not-found`, `template-invalid` */
  take(templateId: number): Promise<CompiledTemplate>
  /** A template was changed here. */
  forget(): void
}

interface ShelfDependencies {
  store: Pick<Store, 'templates'>
  clock: Clock
  settings: { country: CountryCode }
}

/** A version written by another process is used this late at most. */
const keptMs = 5_000
/** Hundreds are in use; a caller that invents numbers finds none and keeps none. */
const mostKept = 1_000

export function createTemplateShelf({ store, clock, settings }: ShelfDependencies): TemplateShelf {
  const shelf = new Map<number, { compiled: CompiledTemplate; untilMs: number }>()
  return {
    async take(templateId) {
      const kept = shelf.get(templateId)
      if (kept !== undefined && kept.untilMs > clock.nowMs()) return kept.compiled
      const record = await store.templates.find(templateId)
      if (record === null) throw new RappelError('not-found', { noun: 'templates', id: templateId })
      const compiled = compileOrRefuse(record.source, {
        language: record.language,
        country: settings.country,
      })
      if (shelf.size >= mostKept) shelf.clear()
      shelf.set(templateId, { compiled, untilMs: clock.nowMs() + keptMs })
      return compiled
    },
    forget: () => shelf.clear(),
  }
}

/** @throws RappelError `template-invalid` with line, column, what stands there and what was expected */
export function compileOrRefuse(
  source: string,
  options: { language: 'fr' | 'en'; country: CountryCode },
): CompiledTemplate {
  try {
    return compileTemplate(source, options)
  } catch (error) {
    throw error instanceof TemplateError ? templateInvalid(error) : error
  }
}
