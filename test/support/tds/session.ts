/** One connection of a client to the TDS responder. */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { TdsAnswer, TdsOptions, TdsServer } from './answers.ts'
import { collations, columnMetadata, rowWriter, type TdsColumn } from './columns.ts'
import { encryption, preloginAnswer, readLogin, readPrelogin, type TdsLogin } from './login.ts'
import { AnswerWriter, MessageAssembler, packetType, type TdsMessage } from './packets.ts'
import { readBatch, readCall, type TdsStatement } from './statements.ts'
import {
  collationChange,
  done,
  doneStatus,
  envChange,
  errorToken,
  loginAck,
  returnStatus,
  sspiToken,
  type TdsError,
} from './tokens.ts'
import { startWrappedTls, tlsServerOptions } from './wrapped-tls.ts'

export const version74 = 0x74000004

export class TdsSession {
  readonly #server: TdsServer
  readonly #options: TdsOptions
  readonly #socket: Socket
  #plain: Duplex
  #assembler = new MessageAssembler()
  #login: TdsLogin | undefined
  #version = version74
  #isStopped = false
  #wake: (() => void) | undefined
  #work: Promise<void> = Promise.resolve()

  constructor(socket: Socket, server: TdsServer, options: TdsOptions) {
    this.#socket = socket
    this.#server = server
    this.#options = options
    const isStrict = options.tls?.isStrict === true
    this.#plain = isStrict
      ? new TLSSocket(socket, { ...tlsServerOptions(options.tls!), ALPNProtocols: ['tds/8.0'] })
      : socket
    this.#listen()
  }

  #listen(): void {
    const plain = this.#plain
    const onData = (bytes: Buffer): void => {
      try {
        for (const message of this.#assembler.push(bytes)) this.#receive(message)
      } catch {
        this.#socket.destroy()
      }
    }
    plain.on('data', onData)
    plain.on('error', () => this.#socket.destroy())
    plain.once('close', () => {
      this.#wakeUp(true)
      if (plain !== this.#plain) return
      const login = this.#login
      this.#login = undefined
      if (login !== undefined) this.#options.closed?.(login)
    })
    this.#unlisten = () => plain.removeListener('data', onData)
  }
  #unlisten: () => void = () => undefined

  #receive(message: TdsMessage): void {
    if (message.type === packetType.attention) {
      this.#wakeUp(true)
      return
    }
    this.#work = this.#work
      .then(() => this.#handle(message))
      .catch(() => {
        this.#socket.destroy()
      })
  }

  #wakeUp(isStopped: boolean): void {
    this.#isStopped ||= isStopped
    this.#wake?.()
  }

  async #handle({ type, data }: TdsMessage): Promise<void> {
    switch (type) {
      case packetType.prelogin:
        return this.#prelogin(readPrelogin(data))
      case packetType.login:
        return this.#accept(readLogin(data))
      case packetType.sspi:
        return this.#acceptNtlm(data)
      case packetType.batch:
        return await this.#run(readBatch(data, this.#version))
      case packetType.rpc:
        return await this.#run(readCall(data, this.#version))
      default:
        throw new Error(`a message of type ${type}`)
    }
  }

  #prelogin(wanted: number): void {
    const { tls, requiresTls = false } = this.#options
    const isWanted = wanted === encryption.on || wanted === encryption.required
    const hasWrapped = tls !== undefined && tls.isStrict !== true
    const given = hasWrapped && (isWanted || requiresTls)
    const required = requiresTls ? encryption.required : encryption.on
    this.#reply(preloginAnswer(given ? required : encryption.notSupported))
    if (!given || !isWanted) return
    this.#unlisten()
    this.#assembler = new MessageAssembler()
    this.#plain = startWrappedTls(this.#socket, tls)
    this.#listen()
  }

  #accept(login: TdsLogin): void {
    const newest = this.#options.tdsVersion ?? version74
    this.#version = login.tdsVersion >>> 24 > newest >>> 24 ? newest : login.tdsVersion
    this.#login = login
    const { ntlm } = this.#options
    if (login.sspi.length > 0 && ntlm !== undefined) {
      this.#reply(sspiToken(ntlm.challenge))
      return
    }
    const accounts = { ...this.#options.accounts, [this.#server.user]: this.#server.password }
    const isKnown = Object.hasOwn(accounts, login.user) && accounts[login.user] === login.password
    const databases = this.#options.databases ?? [this.#server.database]
    if (!isKnown) {
      this.#refuse({ number: 18456, message: `Login failed for user '${login.user}'.` })
    } else if (!databases.includes(login.database)) {
      const message = `Cannot open database "${login.database}" requested by the login. The login failed.`
      this.#refuse({ number: 4060, message, class: 11 })
    } else this.#welcome(login)
  }

  #acceptNtlm(authenticate: Buffer): void {
    if (this.#login !== undefined && this.#options.ntlm?.accepts(authenticate) === true) {
      this.#welcome(this.#login)
    } else this.#refuse({ number: 18456, message: "Login failed for user ''." })
  }

  #refuse(error: TdsError): void {
    this.#reply(Buffer.concat([errorToken(this.#version, error), done(this.#version, doneStatus.error)]))
    this.#plain.end()
  }

  #welcome(login: TdsLogin): void {
    this.#server.logins.push(login)
    const size = String(login.packetSize || 4_096)
    this.#reply(
      Buffer.concat([
        envChange(1, login.database, 'master'),
        collationChange(collations.cp1252),
        loginAck(this.#version),
        envChange(4, size, '4096'),
        done(this.#version, 0),
      ]),
    )
  }

  #reply(data: Buffer): void {
    const writer = this.#writer()
    writer.put(data)
    writer.end()
  }

  #writer(): AnswerWriter {
    const plain = this.#plain
    return new AnswerWriter(bytes => plain.writable && plain.write(bytes), this.#login?.packetSize || 4_096)
  }

  async #run(statement: TdsStatement): Promise<void> {
    this.#isStopped = false
    const { answer } = this.#options
    this.#server.statements.push(statement)
    this.#server.running += 1
    try {
      await this.#send((await answer?.(statement, this.#login!)) ?? { rowCount: 0 }, statement.isCall)
    } finally {
      this.#server.running -= 1
    }
    if (this.#isStopped && !this.#plain.destroyed) {
      this.#server.stopped += 1
      this.#reply(done(this.#version, doneStatus.attention))
    }
  }

  async #send(answer: TdsAnswer, isCall: boolean): Promise<void> {
    const writer = this.#writer()
    if ('silent' in answer) await this.#stopped()
    else if ('raw' in answer) {
      writer.put(answer.raw)
    } else if ('columns' in answer) {
      const count = await this.#sendRows(writer, answer)
      this.#end(writer, { isCall, count, error: answer.error })
    } else if ('error' in answer) this.#end(writer, { isCall, count: 0, error: answer.error })
    else this.#end(writer, { isCall, count: answer.rowCount, error: undefined })
    writer.end()
  }

  #end(
    writer: AnswerWriter,
    { isCall, count, error }: { isCall: boolean; count: number; error: TdsError | undefined },
  ): void {
    const version = this.#version
    const status = error === undefined ? doneStatus.count : doneStatus.error
    if (error !== undefined) writer.put(errorToken(version, error))
    if (!isCall) {
      writer.put(done(version, status, count))
      return
    }
    writer.put(done(version, status | doneStatus.more, count, 0xff))
    writer.put(returnStatus())
    writer.put(done(version, error === undefined ? 0 : doneStatus.error, 0, 0xfe))
  }

  async #sendRows(
    writer: AnswerWriter,
    { columns, rows, isCompressed = false }: Extract<TdsAnswer, { columns: TdsColumn[] }>,
  ): Promise<number> {
    const write = rowWriter(columns, isCompressed && this.#version >= 0x730b0003)
    writer.put(columnMetadata(columns, this.#version))
    let count = 0
    for await (const row of rows) {
      if (this.#isStopped) break
      count += 1
      this.#server.rowsSent += 1
      if (!writer.put(write(row))) await this.#drained()
      // Lets an attention in.
      else if (count % 200 === 0) await new Promise(resolve => setImmediate(resolve))
    }
    return count
  }

  async #drained(): Promise<void> {
    const plain = this.#plain
    await new Promise<void>(resolve => {
      this.#wake = resolve
      plain.once('drain', resolve)
    })
    this.#wake = undefined
  }

  async #stopped(): Promise<void> {
    while (!this.#isStopped) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    this.#wake = undefined
  }
}
