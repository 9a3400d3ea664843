/** What policy goes by unless a setting says otherwise. Apart from the deciding, so that the store need not load that. */
import type { Category } from '../../store.ts'

/** Categories that a STOP ends. */
export const defaultStoppedCategories: readonly Category[] = ['marketing', 'reminder']
/** Categories of which a person gets at most one message per service and day. */
export const defaultCappedCategories: readonly Category[] = ['marketing']
