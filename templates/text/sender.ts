/**
 * What a phone can show as the sender: a short code or number (`+` before an international one), or a name of at most
 * 11 characters, as GSM networks carry it. Names are kept to printable ASCII: `@` and accents break on some SMSCs.
 *
 * @see 3GPP TS 23.040 section 9.1.2.5 (alphanumeric addresses hold 11 septet characters)
 */
export const senderPattern = /^(?:\+?\d{1,20}|[\x20-\x7e]{1,11})$/

/** For refusals. */
export const senderExpectation = 'a number, or a name of at most 11 printable ASCII characters'
