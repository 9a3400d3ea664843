import test from 'ava'
import type { BindStatus, LinkState, LinkStatus } from '../../connectors/operator.ts'
import { createBindAlarm } from '../../server/gateway/bind-alarm.ts'

function watched() {
  const told: string[] = []
  const alarm = createBindAlarm('Orange', {
    startedAtMs: 0,
    alarms: {
      raise: (_kind, name, detail) => void told.push(`raised ${name} ${detail}`),
      clear: (_kind, name) => void told.push(`cleared ${name}`),
    },
  })
  return { told, alarm }
}

const bind = (name: string, state: LinkState): BindStatus => ({
  name,
  state,
  sinceMs: 0,
  reason: state === 'bound' ? '' : 'cut',
  inFlight: 0,
  submitted: 0,
  reconnects: 0,
})

const link = (...binds: BindStatus[]): LinkStatus => ({
  state: 'bound',
  sinceMs: 0,
  reason: '',
  inFlight: 0,
  window: 10,
  pausedUntilMs: 0,
  partsInLastSecond: 0,
  lastError: null,
  binds,
})

test('one bind of several down for a minute is told, once, and cleared when it is back', t => {
  const { told, alarm } = watched()
  const states: LinkState[] = ['waiting', 'connecting', 'binding', 'waiting']
  for (let atMs = 0; atMs <= 180_000; atMs += 1_000) {
    const state = states[(atMs / 1_000) % states.length]!
    alarm.look(link(bind('transceiver 1', 'bound'), bind('transceiver 2', state)), atMs)
  }
  t.deepEqual(told, ['raised Orange transceiver 2: cut; the others carry the traffic'])
  alarm.look(link(bind('transceiver 1', 'bound'), bind('transceiver 2', 'bound')), 181_000)
  t.is(told.at(-1), 'cleared Orange')
})

test('a cut of less than a minute is nobody’s alarm', t => {
  const { told, alarm } = watched()
  alarm.look(link(bind('transceiver', 'waiting')), 0)
  alarm.look(link(bind('transceiver', 'waiting')), 59_000)
  alarm.look(link(bind('transceiver', 'bound')), 60_000)
  alarm.look(link(bind('transceiver', 'waiting')), 61_000)
  alarm.look(link(bind('transceiver', 'waiting')), 100_000)
  t.deepEqual(told, [])
})

test('a link that has never been up since its start says so, whenever it is looked at', t => {
  const { told, alarm } = watched()
  alarm.look(link(bind('transceiver', 'connecting')), 60_000)
  t.deepEqual(told, ['raised Orange transceiver: cut'])
})
