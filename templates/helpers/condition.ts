/** `{{defaut prenom "client"}}` and `{{si solde "à jour" "en retard"}}`: the two that guard a missing value. */
import type { HelperForm, HelperValue } from './helper.ts'

export const defaultForm: HelperForm = {
  kind: 'form',
  minArguments: 2,
  maxArguments: 2,
  hash: [],
  build([value, fallback]) {
    return {
      strict: frame => value!.lenient(frame) ?? fallback!.strict(frame),
      lenient: frame => value!.lenient(frame) ?? fallback!.lenient(frame),
    }
  },
}

/** Without a third argument the other case writes nothing. */
export const ifForm: HelperForm = {
  kind: 'form',
  minArguments: 2,
  maxArguments: 3,
  hash: [],
  build([condition, yes, no]) {
    return {
      strict: frame =>
        isTruthy(condition!.lenient(frame)) ? yes!.strict(frame) : no === undefined ? '' : no.strict(frame),
      lenient: frame =>
        isTruthy(condition!.lenient(frame)) ? yes!.lenient(frame) : no === undefined ? '' : no.lenient(frame),
    }
  },
}

/** Handlebars' own rule: empty, false and 0 are not. */
export function isTruthy(value: HelperValue, includeZero = false): boolean {
  return value === 0 || value === 0n ? includeZero : Boolean(value)
}
