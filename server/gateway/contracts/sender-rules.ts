/** Under which sender a message leaves an operator: what the contract has, what takes its place, or none. Pure. */
import type { SenderRule } from '../../store/contracts.ts'

export interface SenderContract {
  /** The operator's own: short code, number or name. */
  ownSender: string
  senderRules: readonly SenderRule[]
  /** false: the link itself is set to the own sender alone (UCP without the OAdC change option). */
  linkAllowsChange: boolean
}

export type SenderDecision =
  | { kind: 'allowed'; sender: string; isReplaced: boolean }
  | { kind: 'refused'; detail: string }

/** Rules of one operator: one per country and one for all others. */
const senderRuleLimit = 20

/**
 * Without a rule any sender passes, unless the link takes none but its own: what a contract says is not guessed.
 *
 * @param asked as the message names it; null takes the operator's own
 * @param country of the recipient; null when it has no preset
 */
export function senderUnder(
  { ownSender, senderRules, linkAllowsChange }: SenderContract,
  asked: string | null,
  country: string | null,
): SenderDecision {
  if (asked === null || asked === ownSender) return { kind: 'allowed', sender: ownSender, isReplaced: false }
  const rule =
    senderRules.find(each => each.country === country) ?? senderRules.find(each => each.country === null)
  if (rule === undefined && linkAllowsChange) return { kind: 'allowed', sender: asked, isReplaced: false }
  if (rule !== undefined && linkAllowsChange && rule.allowsOriginatorChange && isListed(rule, asked)) {
    return { kind: 'allowed', sender: asked, isReplaced: false }
  }
  const fallback = rule?.fallbackSender ?? null
  if (fallback !== null && (linkAllowsChange || fallback === ownSender)) {
    return { kind: 'allowed', sender: fallback, isReplaced: fallback !== asked }
  }
  return {
    kind: 'refused',
    detail: `the contract with the operator does not have the sender ${asked}${country === null ? '' : ` for ${country}`}`,
  }
}

/** What is wrong with rules that were asked for; empty when they can stand. */
export function senderRuleProblems(
  rules: readonly SenderRule[],
  { ownSender, linkAllowsChange }: Omit<SenderContract, 'senderRules'>,
): string[] {
  if (rules.length > senderRuleLimit) return [`${rules.length} rules are more than ${senderRuleLimit}`]
  const countries = new Set<string | null>()
  return rules.flatMap(rule => {
    const { country, allowsOriginatorChange, numbers, names, fallbackSender } = rule
    const where = country === null ? 'the rule for all countries' : `the rule for ${country}`
    const problems: string[] = []
    if (countries.has(country)) problems.push(`${where} stands there twice`)
    countries.add(country)
    const hasList = numbers.length + names.length > 0
    if (!allowsOriginatorChange && hasList) {
      problems.push(`${where} lists senders, but does not allow to change the originator`)
    }
    if (allowsOriginatorChange && !linkAllowsChange) {
      problems.push(`${where} allows to change the originator, which the link is not set to do`)
    }
    if (allowsOriginatorChange && !hasList) problems.push(`${where} allows other senders, but lists none`)
    problems.push(
      ...numbers.filter(sender => !isNumber(sender)).map(sender => `${where}: ${sender} is not a number`),
      ...names.filter(isNumber).map(sender => `${where}: ${sender} is a number, not a name`),
    )
    if (fallbackSender !== null && fallbackSender !== ownSender && !isListed(rule, fallbackSender)) {
      problems.push(`${where}: the fallback ${fallbackSender} is neither the operator's own nor listed`)
    }
    return problems
  })
}

export function isNumber(sender: string): boolean {
  return /^\+?\d+$/.test(sender)
}

function isListed({ numbers, names }: SenderRule, sender: string): boolean {
  return (isNumber(sender) ? numbers : names).includes(sender)
}
