/** The visible list of ready-made templates: the same eighteen in French and in English. */
import { claimStartersEn } from './en/claims.ts'
import { contractStartersEn } from './en/contracts.ts'
import { dueDateStartersEn } from './en/due-dates.ts'
import { occasionStartersEn } from './en/occasions.ts'
import { paymentStartersEn } from './en/payments.ts'
import { claimStartersFr } from './fr/claims.ts'
import { contractStartersFr } from './fr/contracts.ts'
import { dueDateStartersFr } from './fr/due-dates.ts'
import { occasionStartersFr } from './fr/occasions.ts'
import { paymentStartersFr } from './fr/payments.ts'
import type { StarterTemplate } from './starter.ts'

const byId = (a: StarterTemplate, b: StarterTemplate): number => a.id.localeCompare(b.id)

export const starterTemplates: readonly StarterTemplate[] = [
  ...dueDateStartersFr,
  ...contractStartersFr,
  ...claimStartersFr,
  ...paymentStartersFr,
  ...occasionStartersFr,
  ...dueDateStartersEn,
  ...contractStartersEn,
  ...claimStartersEn,
  ...paymentStartersEn,
  ...occasionStartersEn,
].sort(byId)
