/** Talks to the server that holds the data directory, over its own API. */
import { existsSync, readFileSync } from 'node:fs'
import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { z } from 'zod'
import { systemClock } from '../../connectors/clock.ts'
import { readAddress } from '../address-file.ts'
import type { Config } from '../config.ts'
import { holdDataDirectory } from '../data-directory.ts'
import { CommandFailed } from './command-failed.ts'

/** An answer of the API longer than this is none of ours. */
const largestAnswerBytes = 16 * 1024 * 1024
/** A run that reads a large source answers late. */
const answerMs = 30 * 60_000

const failureSchema = z.object({ error: z.object({ code: z.string(), details: z.unknown() }) })

/** Whether a server holds the data directory now. Takes the lock for an instant, when it is free. */
export function isServerRunning({ dataDirectory }: Config): boolean {
  if (!existsSync(dataDirectory)) return false
  const held = holdDataDirectory(dataDirectory, systemClock)
  if (held.kind === 'refused') {
    if (held.code === 'in-use') return true
    throw new CommandFailed(held.reason)
  }
  held.directory.release()
  return false
}

/**
 * Posts JSON to the running server, or asks it when there is no body.
 *
 * @param path below the root of the API: `/messages`, with its query
 * @throws CommandFailed with the code of the refusal
 */
export async function callServer(
  config: Config,
  key: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const url = new URL(`/api/v1${path}`, addressOf(config))
  let answer: { status: number; text: string }
  try {
    answer = await ask(url, key, body === undefined ? null : JSON.stringify(body), config)
  } catch (error) {
    throw new CommandFailed(
      `the server at ${url.origin} does not answer: ${error instanceof Error ? error.message : String(error)}`,
      error,
    )
  }
  const value = parsed(answer.text)
  if (answer.status < 300) return value
  const failure = failureSchema.safeParse(value)
  const said = failure.success
    ? `${failure.data.error.code} ${JSON.stringify(failure.data.error.details)}`
    : `status ${answer.status}`
  throw new CommandFailed(`the server refused: ${said}`)
}

function addressOf({ dataDirectory }: Config): string {
  const address = readAddress(dataDirectory)
  if (address !== null) return address
  throw new CommandFailed(
    `the server that holds ${dataDirectory} has not said where it listens; is it still starting?`,
  )
}

function ask(
  url: URL,
  key: string,
  body: string | null,
  { http }: Config,
): Promise<{ status: number; text: string }> {
  const options = {
    method: body === null ? 'GET' : 'POST',
    timeout: answerMs,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body !== null && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      }),
    },
  }
  return new Promise((resolve, reject) => {
    const onAnswer = (response: IncomingMessage): void => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > largestAnswerBytes) response.destroy(new Error('its answer is too long'))
      })
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.once('error', reject)
    }
    const sent =
      url.protocol === 'https:'
        ? // The certificate names the server as clients call it; here we know it by its own file.
          tlsRequest(
            url,
            {
              ...options,
              ...(http.tls && { ca: readFileSync(http.tls.certFile), allowPartialTrustChain: true }),
              checkServerIdentity: () => undefined,
            },
            onAnswer,
          )
        : plainRequest(url, options, onAnswer)
    sent.once('timeout', () => sent.destroy(new Error('no answer in time')))
    sent.once('error', reject)
    if (body === null) sent.end()
    else sent.end(body)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
