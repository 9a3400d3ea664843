/**
 * When somebody must know that a link is down: as a whole, or one bind of several while the others carry the traffic.
 * A short cut heals itself and is nobody's alarm.
 */
import type { LinkStatus } from '../../connectors/operator.ts'
import type { Alarms } from './alarms.ts'

const downAlarmAfterMs = 60_000

export interface BindAlarm {
  /** Called about once a second. */
  look(status: LinkStatus, nowMs: number): void
  clear(): void
}

/** @param startedAtMs a bind that has not been up since is down since then */
export function createBindAlarm(
  name: string,
  { alarms, startedAtMs }: { alarms: Pick<Alarms, 'raise' | 'clear'>; startedAtMs: number },
): BindAlarm {
  /** By bind; while it tries again its state changes often, and it is down all the time. */
  const downSinceMs = new Map<string, number>()
  let raised = ''
  /** Binds looked at before: what is found down for the first time has been so from the start. */
  const known = new Set<string>()

  function clear(): void {
    if (raised !== '') alarms.clear('bind-down', name)
    raised = ''
    downSinceMs.clear()
  }

  return {
    look(status, nowMs) {
      for (const { name: bind, state } of status.binds) {
        if (state === 'bound') downSinceMs.delete(bind)
        else if (!downSinceMs.has(bind)) downSinceMs.set(bind, known.has(bind) ? nowMs : startedAtMs)
        known.add(bind)
      }
      const long = status.binds.filter(
        ({ name: bind }) => nowMs - (downSinceMs.get(bind) ?? nowMs) >= downAlarmAfterMs,
      )
      if (long.length === 0) {
        if (downSinceMs.size === 0) clear()
        return
      }
      const rest = long.length < status.binds.length ? '; the others carry the traffic' : ''
      const told = long.map(({ name: bind }) => bind).join(', ')
      if (told === raised) return
      raised = told
      alarms.raise(
        'bind-down',
        name,
        `${long.map(bind => `${bind.name}: ${bind.reason}`).join(' / ')}${rest}`,
      )
    },
    clear,
  }
}
