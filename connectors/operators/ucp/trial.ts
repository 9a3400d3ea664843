/** A UCP connection as a diagnosis tries it. */
import type { LinkTrial, LoginCause } from '../trial.ts'
import type { UcpConfig } from './config.ts'
import { errorName } from './tables.ts'

const quickKeepAliveSeconds = 0.5

const causes: Readonly<Record<number, LoginCause>> = {
  2: 'mode',
  3: 'mode',
  4: 'not-now',
  6: 'account',
  7: 'password',
  8: 'password',
}

export function ucpTrial(config: UcpConfig): LinkTrial {
  const { secondaryHost, secondaryPort } = config
  const primary = { host: config.host, port: config.port }
  const secondary = { host: secondaryHost ?? '', port: secondaryPort ?? config.port }
  return {
    endpoints: secondaryHost === undefined ? [primary] : [primary, secondary],
    localAddress: config.localAddress ?? null,
    connectSeconds: config.connectSeconds,
    openTls: null,
    keepAliveSeconds: config.keepAliveSeconds,
    keepAliveAnswerSeconds: config.answerSeconds,
    account: config.login === 'none' ? null : (config.account ?? config.shortCode),
    hasPassword: config.password !== '',
    facts: {
      window: { window: config.window },
      throughput: { partsPerSecond: config.partsPerSecond },
      submit: {
        shortCode: config.shortCode,
        accountAddress: `${config.accountTon}/${config.accountNpi}`,
        recipientFormat: config.recipientFormat,
        allowOriginatorChange: config.allowOriginatorChange,
        alphabet: config.alphabet,
        notificationTypes: config.notificationTypes,
        validityFormat: config.validityFormat,
        timeZone: config.timeZone,
      },
    },
    remarks: [],
    config: { ...config, keepAliveSeconds: quickKeepAliveSeconds },
    signOf({ direction, line }) {
      if (direction !== 'in') return null
      const login = /^UCP 60 R trn=\d\d N (\d\d)/.exec(line)
      if (login !== null) return { kind: 'login-refused', ...refusalOf(Number(login[1])) }
      const alert = /^UCP 31 R trn=\d\d (A|N (\d\d))/.exec(line)
      if (alert === null) return null
      if (alert[1] === 'A') return { kind: 'keep-alive-answered' }
      return { kind: 'keep-alive-refused', status: errorName(Number(alert[2])) }
    },
    refusalIn(reason) {
      const code = /refused: EC (\d\d)/.exec(reason)?.[1]
      return code === undefined ? null : refusalOf(Number(code))
    },
  }
}

function refusalOf(code: number): { status: string; cause: LoginCause } {
  return { status: errorName(code), cause: causes[code] ?? 'other' }
}
