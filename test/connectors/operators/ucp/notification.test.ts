import test from 'ava'
import { parseFrame } from '../../../../connectors/operators/ucp/frame.ts'
import { createLocalTime } from '../../../../connectors/operators/ucp/local-time.ts'
import { readNotification } from '../../../../connectors/operators/ucp/notification.ts'
import { readNumber } from '../../../../connectors/operators/ucp/numbers.ts'
import { readOperation } from '../../../../connectors/operators/ucp/operations.ts'
import { createRemoteIds, isAnswerOf } from '../../../../connectors/operators/ucp/remote-ids.ts'
import {
  errorClass,
  errorName,
  listErrors,
  listReasons,
  reasonOf,
} from '../../../../connectors/operators/ucp/tables.ts'
import { vectors } from './vectors.ts'

const nowMs = Date.UTC(2027, 2, 15, 9, 6)

function read(name: 'F12' | 'F14' | 'F15', remoteIds = createRemoteIds()) {
  const frame = parseFrame(vectors[name])
  if (frame.kind === 'malformed') throw new Error(frame.reason)
  const reading = readOperation(53, frame)
  if (reading.kind === 'malformed') throw new Error(reading.reason)
  return readNotification(reading.fields, { config: {}, localTime: createLocalTime('UTC'), remoteIds, nowMs })
}

const fields = { OAdC: '0022670112233', SCTS: '150327090512', Dst: '0', Rsn: '000' }
const context = () => ({
  config: {},
  localTime: createLocalTime('UTC'),
  remoteIds: createRemoteIds(),
  nowMs,
})

test('F12, F14 and F15 are receipts under phone and second', t => {
  t.deepEqual(read('F12'), {
    remoteIdKeys: ['70112233:150327090512'],
    recipient: '22670112233',
    state: 'delivered',
    detail: 'Dst:0 Rsn:000',
    textPrefix: '',
    submittedAtMs: Date.UTC(2027, 2, 15, 9, 5, 12),
  })
  t.like(read('F14'), { state: 'intermediate', detail: 'Dst:1 Rsn:107 absent subscriber' })
  t.like(read('F15'), { state: 'undelivered', detail: 'Dst:2 Rsn:101 unknown subscriber' })
})

test('the answer and the notification name the same key, however the phone is spelt', t => {
  const ids = createRemoteIds()
  const spellings = ['0022670112233', '22670112233', '70112233', '+22670112233']
  for (const [second, AdC] of spellings.entries()) {
    const scts = `15032709051${second}`
    const given = ids.accepted('22670112233', `${AdC}:${scts}`)
    t.is(given, `70112233:${scts}`)
    for (const OAdC of spellings) {
      const receipt = readNotification({ ...fields, OAdC, SCTS: scts }, { ...context(), remoteIds: ids })
      t.deepEqual(receipt.remoteIdKeys, [given])
    }
  }
  t.is(ids.accepted('22670112233', '150327090520'), '70112233:150327090520')
})

test('an answer without an id gives none, one of another form gives its own', t => {
  const ids = createRemoteIds()
  t.is(ids.accepted('22670112233', ''), '')
  t.is(ids.accepted('22670112233', ' 00ab12 '), 'AB12')
  t.deepEqual(readNotification({ ...fields, SCTS: '' }, context()).remoteIdKeys, [])
})

test('two parts of one phone and one second are told apart by the order of arrival', t => {
  const remoteIds = createRemoteIds()
  const sm = '0022670112233:150327090512'
  const given = [1, 2, 3].map(() => remoteIds.accepted('22670112233', sm))
  t.deepEqual(given, ['70112233:150327090512', '70112233:150327090512#2', '70112233:150327090512#3'])
  const told = ['1', '0', '1', '2', '0', '0'].map(
    Dst => readNotification({ ...fields, Dst }, { ...context(), remoteIds }).remoteIdKeys[0],
  )
  t.deepEqual(told, [given[0], given[0], given[1], given[1], given[2], given[2]])
})

test('a duplicate submit is no failure: the message is there already', t => {
  t.like(readNotification({ ...fields, Dst: '2', Rsn: '207' }, context()), {
    state: 'intermediate',
    detail: 'Dst:2 Rsn:207 duplicate message submit',
  })
})

test('fields that nobody can read are left out and fail nothing', t => {
  const odd = readNotification(
    { OAdC: 'x'.repeat(100), SCTS: '99', Dst: '7', Rsn: 'zz'.repeat(60) },
    context(),
  )
  t.like(odd, { state: 'unknown', remoteIdKeys: [], submittedAtMs: null })
  t.is(odd.detail.length, 64)
})

test('an answer is believed only for the phone it was asked about', t => {
  t.true(isAnswerOf('22670112233', '0022670112233:150327090512'))
  t.true(isAnswerOf('22670112233', '70112233:150327090512'))
  t.true(isAnswerOf('22670112233', ''))
  t.false(isAnswerOf('22670112233', '0022670112234:150327090512'))
})

test('numbers of the country become international ones, short codes stay', t => {
  const burkina = { national: { countryCode: '226', length: 8, trunkPrefix: '' } }
  const france = { national: { countryCode: '33', length: 10, trunkPrefix: '0' } }
  t.is(readNumber('70112233', burkina), '22670112233')
  t.is(readNumber('22650123', burkina), '22622650123')
  t.is(readNumber('0022670112233', burkina), '22670112233')
  t.is(readNumber('0612345678', france), '33612345678')
  t.is(readNumber('33612345678', france), '33612345678')
  t.is(readNumber('38001', burkina), '38001')
  t.is(readNumber('70112233', {}), '70112233')
})

test('times are those of the zone of the connection', t => {
  const paris = createLocalTime('Europe/Paris')
  const summer = Date.UTC(2027, 6, 1, 10, 0, 0)
  t.is(paris.seconds(summer), '010727120000')
  t.is(paris.minutes(Date.UTC(2027, 11, 31, 23, 30)), '0101280030')
  t.is(paris.read('010727120000', summer), summer)
  t.is(createLocalTime('Africa/Ouagadougou').read('1503270905', nowMs), Date.UTC(2027, 2, 15, 9, 5))
  t.is(createLocalTime('UTC').read('150396090512', nowMs), Date.UTC(1996, 2, 15, 9, 5, 12))
  for (const digits of [
    '',
    '310227101010',
    '000127000000',
    '011327000000',
    '010127240000',
    'abc',
    '0101270',
  ]) {
    t.is(paris.read(digits, nowMs), null, digits)
  }
})

test('in the doubled hour of autumn the later instant that is not in the future is meant', t => {
  const paris = createLocalTime('Europe/Paris')
  const first = Date.UTC(2027, 9, 31, 0, 30)
  const second = Date.UTC(2027, 9, 31, 1, 30)
  t.is(paris.seconds(first), '311027023000')
  t.is(paris.seconds(second), '311027023000')
  t.is(paris.read('311027023000', first + 1000), first)
  t.is(paris.read('311027023000', second + 1000), second)
  t.is(paris.read('280327023000', Date.UTC(2027, 2, 28, 12)), Date.UTC(2027, 2, 28, 1, 30))
})

test('the tables of errors and reasons say what they are about', t => {
  t.is(errorName(6), 'EC 06 AdC invalid')
  t.is(errorName(91), 'EC 91')
  t.is(errorClass(4), 'throttle')
  t.is(errorClass(7), 'link')
  t.is(errorClass(91), 'temporary')
  t.is(errorClass(39), 'temporary')
  t.is(reasonOf(107).reasonClass, 'absent')
  t.deepEqual(reasonOf(255), { meaning: '', reasonClass: 'network' })
  t.is(new Set(listErrors().map(([code]) => code)).size, listErrors().length)
  t.is(new Set(listReasons().map(([code]) => code)).size, 48)
})
