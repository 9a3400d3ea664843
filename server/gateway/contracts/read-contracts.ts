/** The contracts as the store has them, the product's own where nothing was changed. */
import { type OperatorProtocol, operatorKinds } from '../../../connectors/operators/kinds.ts'
import { holidayCheck } from '../../../scheduler/calendar/holidays.ts'
import { calendarOverridesSchema } from '../../../scheduler/calendar/overrides.ts'
import type { Store } from '../../store/operations.ts'
import type { OperatorRecord } from '../../store/operators.ts'
import { calendarSetting } from '../../store/scheduler-store.ts'
import { usualRetryPolicy } from '../outbox/retry-policy.ts'
import type { ContractBook } from './contracts.ts'
import { shippedTranches } from './tranches.ts'

export async function readContracts(
  store: Pick<Store, 'contracts' | 'operators' | 'settings'>,
): Promise<ContractBook> {
  const [{ tranches, operators: stored }, operators, calendar] = await Promise.all([
    store.contracts.list(),
    store.operators.list(),
    store.settings.get(calendarSetting),
  ])
  const overrides = calendarOverridesSchema.parse(calendar === null ? {} : JSON.parse(calendar))
  const own = new Map(stored.map(contract => [contract.operatorId, contract]))
  return {
    tranches: tranches ?? shippedTranches,
    operators: new Map(
      operators.map(operator => [
        operator.operatorId,
        {
          ownSender: operator.sender,
          senderRules: own.get(operator.operatorId)?.senderRules ?? [],
          linkAllowsChange: linkAllowsChange(operator),
          retryPolicy: own.get(operator.operatorId)?.retryPolicy ?? usualRetryPolicy,
        },
      ]),
    ),
    isHolidayOf: country => holidayCheck(country, overrides),
  }
}

/** Whether the link itself sends anything but the operator's own sender. */
export function linkAllowsChange({ protocol, config }: Pick<OperatorRecord, 'protocol' | 'config'>): boolean {
  const kind = Object.hasOwn(operatorKinds, protocol)
    ? operatorKinds[protocol as OperatorProtocol]
    : undefined
  return kind?.senderSetting == null || config[kind.senderSetting] === true
}
