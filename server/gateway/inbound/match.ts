/** Which rule answers a message: by the number it was written to, then by its words. Pure. */
import type { InboundRuleRecord } from '../../store/inbound-rules.ts'
import { foldKeyword, restAfter, wordsOf } from './words.ts'

/** What matching needs of a rule. */
export type MatchableRule = Pick<
  InboundRuleRecord,
  'ruleId' | 'isActive' | 'shortCode' | 'keywords' | 'match'
>

export interface Match<Rule extends MatchableRule> {
  rule: Rule
  /** As the rule spells it; empty for a default rule. */
  keyword: string
  /** What the phone wrote after it. */
  rest: string
}

export interface MatchedText {
  shortCode: string
  text: string
  /** False when the beginning of the text never came: it has no first word then, and is never whole. */
  hasBeginning: boolean
  /** False when any part is missing. */
  isComplete: boolean
}

/**
 * A keyword of the number's own rules, else one of the rules for every number, else the default rule of the number,
 * else that of every number. The longest keyword wins, then the older rule.
 *
 * `whole` keywords stand alone in the text, apart from punctuation and signs: `STOP` is not `STOP 12345`, which may
 * be an order number that begins with a word.
 */
export function matchRule<Rule extends MatchableRule>(
  rules: readonly Rule[],
  message: MatchedText,
): Match<Rule> | null {
  const words = message.hasBeginning ? wordsOf(message.text) : []
  const active = rules.filter(
    rule => rule.isActive && (rule.shortCode === null || rule.shortCode === message.shortCode),
  )
  const isOwn = (rule: Rule): number => (rule.shortCode === null ? 0 : 1)
  const found = active
    .flatMap(rule =>
      rule.keywords
        .map(keyword => ({ rule, keyword, length: matchedWords(rule, keyword, words, message.isComplete) }))
        .filter(({ length }) => length > 0),
    )
    .sort((a, b) => isOwn(b.rule) - isOwn(a.rule) || b.length - a.length || a.rule.ruleId - b.rule.ruleId)[0]
  if (found !== undefined) {
    return { rule: found.rule, keyword: found.keyword, rest: restAfter(message.text, found.length) }
  }
  const fallback = active
    .filter(rule => rule.keywords.length === 0)
    .sort((a, b) => isOwn(b) - isOwn(a) || a.ruleId - b.ruleId)[0]
  return fallback === undefined ? null : { rule: fallback, keyword: '', rest: message.text.trim() }
}

/** How many words of the text the keyword takes; 0 when it does not match. */
function matchedWords(
  { match }: MatchableRule,
  keyword: string,
  words: readonly string[],
  isComplete: boolean,
): number {
  const wanted = wordsOf(keyword)
  if (wanted.length === 0 || wanted.length > words.length) return 0
  if (match === 'whole' && (wanted.length !== words.length || !isComplete)) return 0
  return wanted.every((word, index) => word === words[index]) ? wanted.length : 0
}

/**
 * Why a rule cannot stand beside the others: a keyword that another rule of the same number has, or a second default.
 *
 * @param ruleId of the rule itself when it exists already
 */
export function ruleCollisions(
  rule: Omit<MatchableRule, 'ruleId'>,
  others: readonly (MatchableRule & { name: string })[],
  ruleId: number | null,
): string[] {
  if (!rule.isActive) return []
  const rivals = others.filter(
    other => other.ruleId !== ruleId && other.isActive && other.shortCode === rule.shortCode,
  )
  if (rule.keywords.length === 0) {
    return rivals
      .filter(other => other.keywords.length === 0)
      .map(other => `"${other.name}" is the default rule of this number already`)
  }
  const mine = new Set(rule.keywords.map(foldKeyword))
  return rivals.flatMap(other =>
    other.keywords
      .filter(keyword => mine.has(foldKeyword(keyword)))
      .map(keyword => `"${other.name}" has the keyword ${keyword} already`),
  )
}
