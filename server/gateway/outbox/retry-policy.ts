/** How refused messages are tried again: the defaults, and what a policy may not be. Pure. */
import type { RetryPolicy } from '../../store/contracts.ts'

/**
 * Least wait before a retry: an operator's state does not change within less, and a thousand refused messages that
 * came back at once would fill the contract's throughput with refusals.
 */
export const leastDelaySeconds = 5
/** A message lives for a week at most; a longer wait is none. */
const longestDelaySeconds = 86_400
const longestAgeMinutes = 7 * 1_440
/** Delays that a person can still read. */
const mostDelays = 50
const mostAttempts = 100

/**
 * NowSMS's schedule, the best that is published: at once, after 30 s, and 30 s later each time, 20 attempts; throttle
 * answers go on for a day. "At once" is the least delay here.
 *
 * @see NowSMS, "SMPP error code handling" and "SMS retry error handling with UCP/EMI and CIMD2"
 */
export const usualRetryPolicy: RetryPolicy = {
  temporary: {
    delaysSeconds: [leastDelaySeconds, ...Array.from({ length: 18 }, (_, index) => 30 * (index + 1))],
    maxAttempts: 20,
    maxAgeMinutes: 1_440,
  },
  throttle: { delaySeconds: 30, maxAgeMinutes: 1_440 },
  link: { delaySeconds: 30, maxAgeMinutes: 2_880 },
  // A person may be written to twice only where somebody has said that this is the lesser evil.
  unknownOutcome: { transactional: 'hold', reminder: 'hold', marketing: 'hold' },
}

/** What is wrong with a policy that was asked for; empty when it can stand. */
export function retryPolicyProblems({ temporary, throttle, link }: RetryPolicy): string[] {
  const delays = [
    ...temporary.delaysSeconds.map((delay, index) => [`temporary.delaysSeconds.${index}`, delay] as const),
    ['throttle.delaySeconds', throttle.delaySeconds] as const,
    ['link.delaySeconds', link.delaySeconds] as const,
  ]
  const ages = Object.entries({ temporary, throttle, link })
  const { delaysSeconds, maxAttempts } = temporary
  return [
    ...delays
      .filter(([, delay]) => !isWithin(delay, leastDelaySeconds, longestDelaySeconds))
      .map(([path, delay]) => `${path}: ${delay} s is not ${leastDelaySeconds}..${longestDelaySeconds} s`),
    ...ages
      .filter(([, { maxAgeMinutes }]) => !isWithin(maxAgeMinutes, 1, longestAgeMinutes))
      .map(
        ([name, { maxAgeMinutes }]) =>
          `${name}.maxAgeMinutes: ${maxAgeMinutes} is not 1..${longestAgeMinutes}`,
      ),
    ...(isWithin(delaysSeconds.length, 1, mostDelays)
      ? []
      : [`temporary.delaysSeconds: ${delaysSeconds.length} delays are not 1..${mostDelays}`]),
    ...(isWithin(maxAttempts, 1, mostAttempts)
      ? []
      : [`temporary.maxAttempts: ${maxAttempts} is not 1..${mostAttempts}`]),
  ]
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}
