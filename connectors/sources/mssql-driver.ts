/**
 * tedious, with its own reading of rows replaced and its ways to end the process closed.
 *
 * - Rows are decoded by mssql-values.ts, per connection; nothing is changed in the driver at large.
 * - tedious 19 leaves the errors of its token stream without a listener: bytes that a server should not send would
 *   end the whole process. Here they end the connection.
 * - tedious 19 logs in without encryption when the server answers that it has none, also when TLS was required. Here
 *   that is refused before the login is sent.
 *
 * It uses classes inside the package, so the version of tedious is pinned exactly.
 */
import { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { Connection, type ConnectionConfiguration } from 'tedious'
import type { SourceValue } from '../source.ts'
import { mostRowBytes, rowTooLarge } from './batch-size.ts'
import { type ColumnReader, columnReader, type TdsColumn, TdsCursor, TdsShortage } from './mssql-values.ts'
import type { ReadingSettings } from './settings.ts'

type Encoding = ReadingSettings['encoding']
type ParserOfTedious = ReturnType<Connection['createTokenStreamParser']>
type Message = Parameters<Connection['createTokenStreamParser']>[0]
type Handler = Parameters<Connection['createTokenStreamParser']>[1]
type Prelogin = Parameters<Connection['performTlsNegotiation']>[0]

interface Token {
  name: string
  handlerName: string
  columns?: SourceValue[]
}

interface StreamParser {
  buffer: Buffer
  position: number
  colMetadata: TdsColumn[]
  waitForChunk(): Promise<void>
  readToken(type: number): Token | undefined | Promise<Token | undefined>
}

const StreamParserOfTedious = createRequire(import.meta.url)('tedious/lib/token/stream-parser.js') as new (
  message: AsyncIterable<Buffer>,
  debug: unknown,
  options: unknown,
) => StreamParser

export class ExactConnection extends Connection {
  readonly #encoding: Encoding
  /** Why the token stream was given up; the driver itself only tells that the connection closed. */
  failure: Error | undefined
  /** `TLSv1.2` and the like; undefined without TLS and with TDS 8.0. */
  tlsVersion: string | undefined

  constructor(config: ConnectionConfiguration, encoding: Encoding) {
    super(config)
    this.#encoding = encoding
    this.on('secure', (socket: { getProtocol?(): string | null }) => {
      this.tlsVersion = socket.getProtocol?.() ?? undefined
    })
  }

  override createTokenStreamParser(message: Message, handler: Handler): ParserOfTedious {
    const source = message as unknown as AsyncIterable<Buffer>
    const parser = new RowParser(source, this.debug, this.config.options, this.#encoding)
    const told = new EventEmitter()
    const gate = new Gate()
    const handlers = handler as unknown as Record<string, ((given: Token) => void) | undefined>
    const reading = parser.read(token => handlers[token.handlerName]?.call(handler, token), gate)
    reading.then(
      () => told.emit('end'),
      (error: Error) => {
        this.failure ??= error
        this.socket?.destroy(error)
        if (told.listenerCount('error') > 0) told.emit('error', error)
      },
    )
    const controls = { pause: () => gate.close(), resume: () => gate.open() }
    return Object.assign(told, controls) as unknown as ParserOfTedious
  }

  override async performTlsNegotiation(prelogin: Prelogin, signal: AbortSignal): Promise<void> {
    const { encryptionString } = prelogin as unknown as { encryptionString?: string }
    if (this.config.options.encrypt === true && encryptionString !== 'ON' && encryptionString !== 'REQ') {
      throw Object.assign(new Error('the server offers no TLS'), { code: 'ENOTLS' })
    }
    await super.performTlsNegotiation(prelogin, signal)
  }
}

/** Shut while the reader falls behind. */
class Gate {
  /** Pending while it is shut. */
  opened: Promise<void> | undefined
  #open: () => void = () => undefined

  close(): void {
    this.opened ??= new Promise(resolve => {
      this.#open = resolve
    })
  }

  open(): void {
    this.opened = undefined
    this.#open()
  }
}

/** The driver's parser of the token stream, with rows read by us. */
class RowParser extends StreamParserOfTedious {
  readonly #encoding: Encoding
  #columns: TdsColumn[] | undefined
  #readers: ColumnReader[] = []

  constructor(message: AsyncIterable<Buffer>, debug: unknown, options: unknown, encoding: Encoding) {
    super(message, debug, options)
    this.#encoding = encoding
  }

  /** Hands over token after token; a closed gate makes it wait, and with it the server. */
  async read(handle: (token: Token) => void, gate: Gate): Promise<void> {
    while (await this.#more()) {
      while (this.buffer.length > this.position) {
        const type = this.buffer[this.position]!
        this.position += 1
        const read = this.readToken(type)
        const token = read instanceof Promise ? await read : read
        if (token !== undefined) handle(token)
        if (gate.opened !== undefined) await gate.opened
      }
    }
  }

  readRowToken(): Token | Promise<Token> {
    return this.#row(cursor => this.#columnReaders().map(read => read(cursor)))
  }

  /** MS-TDS 2.2.7.13: a bit per column says which values are NULL and left out. */
  readNbcRowToken(): Token | Promise<Token> {
    return this.#row(cursor => {
      const readers = this.#columnReaders()
      const nulls = cursor.take(Math.ceil(readers.length / 8))
      return readers.map((read, index) => {
        return ((nulls[index >> 3]! >> (index & 7)) & 1) === 1 ? null : read(cursor)
      })
    })
  }

  /** Reads a row at once when it is here, as nearly all are; else from its start when more has come. */
  #row(read: (cursor: TdsCursor) => SourceValue[]): Token | Promise<Token> {
    const cursor = new TdsCursor(this.buffer, this.position)
    try {
      const columns = read(cursor)
      this.position = cursor.at
      return { name: 'ROW', handlerName: 'onRow', columns }
    } catch (error) {
      if (error instanceof TdsShortage) return this.#rowLater(read, error.bytes)
      throw error
    }
  }

  async #rowLater(read: (cursor: TdsCursor) => SourceValue[], bytes: number): Promise<Token> {
    if (bytes > mostRowBytes) {
      throw rowTooLarge(bytes)
    }
    while (this.buffer.length - this.position < bytes) await this.waitForChunk()
    return this.#row(read)
  }

  #columnReaders(): ColumnReader[] {
    if (this.#columns !== this.colMetadata) {
      this.#columns = this.colMetadata
      this.#readers = this.colMetadata.map(column => columnReader(column, this.#encoding))
    }
    return this.#readers
  }

  async #more(): Promise<boolean> {
    try {
      await this.waitForChunk()
      return true
    } catch (error) {
      // The driver's way to say that the message is over.
      if (this.position === this.buffer.length && /unexpected end of data/.test(String(error))) return false
      throw error
    }
  }
}
