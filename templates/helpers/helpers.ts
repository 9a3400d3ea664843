/** The visible map of helpers: a French and an English name for each, the same function behind both. */
import { amountHelper } from './amount.ts'
import { defaultForm, ifForm } from './condition.ts'
import { dateHelper } from './date.ts'
import { daysHelper } from './days.ts'
import type { TemplateHelper } from './helper.ts'
import { pluralHelper, titleHelper, truncateHelper, upperHelper } from './words.ts'

export const templateHelpers: ReadonlyMap<string, TemplateHelper> = new Map<string, TemplateHelper>([
  ['date', dateHelper],
  ['montant', amountHelper],
  ['amount', amountHelper],
  ['tronque', truncateHelper],
  ['truncate', truncateHelper],
  ['majuscule', upperHelper],
  ['upper', upperHelper],
  ['titre', titleHelper],
  ['title', titleHelper],
  ['jours', daysHelper],
  ['days', daysHelper],
  ['pluriel', pluralHelper],
  ['plural', pluralHelper],
  ['defaut', defaultForm],
  ['default', defaultForm],
  ['si', ifForm],
  ['if', ifForm],
])

/** Names that open a block: `{{#if x}}…{{else}}…{{/if}}`. */
export const blockNames: ReadonlyMap<string, 'if' | 'unless'> = new Map([
  ['if', 'if'],
  ['si', 'if'],
  ['unless', 'unless'],
  ['sauf', 'unless'],
])
