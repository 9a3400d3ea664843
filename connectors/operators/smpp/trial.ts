/** An SMPP connection as a diagnosis tries it. */
import { openSocket } from '../socket.ts'
import type { LinkTrial, LoginCause } from '../trial.ts'
import type { SmppConfig } from './config.ts'

/** The standard's password ends after 8 characters; an SMSC that cuts it there refuses what we send. */
const standardPassword = 8
const quickKeepAliveSeconds = 0.5
const answerSeconds = 5

const causes: Readonly<Record<string, LoginCause>> = {
  ESME_RINVPASWD: 'password',
  ESME_RINVSYSID: 'account',
  ESME_RBINDFAIL: 'account',
  ESME_RINVSYSTYP: 'system-type',
  ESME_RALYBND: 'already-bound',
  ESME_RINVCMDID: 'mode',
  ESME_RINVBNDSTS: 'mode',
  ESME_RSYSERR: 'not-now',
  ESME_RTHROTTLED: 'not-now',
  ESME_RMSGQFUL: 'not-now',
}

export function smppTrial(config: SmppConfig): LinkTrial {
  const { ton, npi } = config.shortCodeAddress
  return {
    endpoints: [{ host: config.host, port: config.port }],
    localAddress: config.localAddress ?? null,
    connectSeconds: config.connectSeconds,
    openTls: config.tls === undefined ? null : () => openSocket(config),
    keepAliveSeconds: config.enquireLinkSeconds,
    keepAliveAnswerSeconds: config.enquireLinkAnswerSeconds,
    account: config.systemId,
    hasPassword: config.password !== '',
    facts: {
      window: { window: config.window, connections: config.connections, bindMode: config.bindMode },
      throughput: { partsPerSecond: config.partsPerSecond },
      submit: {
        shortCodeAddress: `${ton}/${npi}`,
        destinationAddress: `${config.destinationAddress.ton}/${config.destinationAddress.npi}`,
        serviceType: config.serviceType,
        defaultAlphabet: config.defaultAlphabet,
        textDataCoding: config.textDataCoding,
        longMessages: config.longMessages,
        validityFormat: config.validityFormat,
        receiptIdMode: config.receiptIdMode,
      },
    },
    remarks: config.password.length > standardPassword ? ['long-password'] : [],
    config: {
      ...config,
      connections: 1,
      enquireLinkSeconds: quickKeepAliveSeconds,
      enquireLinkAnswerSeconds: answerSeconds,
    },
    signOf({ direction, line }) {
      if (direction !== 'in') return null
      const refused = /^bind_\w+_resp .*?\bstatus=(?!ESME_ROK\b)(\w+)/.exec(line)
      if (refused !== null) return { kind: 'login-refused', status: refused[1]!, cause: causeOf(refused[1]!) }
      if (!line.startsWith('enquire_link_resp ')) return null
      const status = /\bstatus=(\w+)/.exec(line)?.[1] ?? 'ESME_ROK'
      return status === 'ESME_ROK' ? { kind: 'keep-alive-answered' } : { kind: 'keep-alive-refused', status }
    },
    refusalIn(reason) {
      const status = /bind refused: (\w+)/.exec(reason)?.[1]
      return status === undefined ? null : { status, cause: causeOf(status) }
    },
  }
}

function causeOf(status: string): LoginCause {
  return Object.hasOwn(causes, status) ? causes[status]! : 'other'
}
