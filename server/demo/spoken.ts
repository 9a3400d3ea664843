/** The words of each language of the demo. */
import type { Language, Words } from './words.ts'
import { english } from './words-en.ts'
import { french } from './words-fr.ts'

export const spoken: Readonly<Record<Language, Words>> = { fr: french, en: english }
