/** The fields of operation 60. */
import type { UcpConfig } from './config.ts'
import { hexOf } from './hex.ts'
import type { OperationFields } from './operations.ts'

/** STYP: open a session. */
const openSession = '1'
const version = '0100'

/** @see facts: the usual login is `login/6/5/1/<hex password>//0100//////` */
export function loginFields(config: UcpConfig): Partial<OperationFields<60>> {
  return {
    OAdC: config.account ?? config.shortCode,
    OTON: config.accountTon,
    ONPI: config.accountNpi,
    STYP: openSession,
    PWD: hexOf(Buffer.from(config.password, 'latin1')),
    VERS: version,
    OPID: config.accountOpid,
  }
}
