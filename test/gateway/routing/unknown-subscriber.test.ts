import test from 'ava'
import { createUnknownSubscriberTest } from '../../../server/gateway/routing/unknown-subscriber.ts'
import { usualRoutePolicy } from '../../../server/store/routes.ts'

const usual = createUnknownSubscriberTest(usualRoutePolicy.secondTry.receiptDetails)

test('the words of the policy are found in the detail of a failed receipt', t => {
  for (const detail of [
    'stat:UNDELIV err:101',
    'stat:UNDELIV err:0101',
    'stat:REJECTD network:3/1',
    'Dst:2 Rsn:101',
    'dst=2 rsn=000',
  ]) {
    t.true(usual({ state: 'undelivered', detail }), detail)
    t.true(usual({ state: 'rejected', detail }), detail)
  }
})

test('other failures, and whatever is not a failure, are not this', t => {
  for (const detail of [
    '',
    'stat:UNDELIV err:001',
    'stat:UNDELIV err:1010',
    'network:3/27',
    'rsn:107',
    'x err:101x',
  ]) {
    t.false(usual({ state: 'undelivered', detail }), detail)
  }
  for (const state of ['delivered', 'expired', 'intermediate', 'unknown'] as const) {
    t.false(usual({ state, detail: 'err:101' }))
  }
  t.false(createUnknownSubscriberTest([])({ state: 'undelivered', detail: 'err:101' }))
})
