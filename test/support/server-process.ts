/**
 * A database server that belongs to a test process: it runs as an ordinary user, on a free port, in its own
 * temporary directory, and ends with the test process however that one ends (a kill included).
 *
 * The guard is a shell that holds the server as a child and reads from a pipe of ours; when we die the pipe
 * closes, the shell stops the server and removes the directory.
 */
import { execFile, spawn } from 'node:child_process'
import { accessSync, chownSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** `nobody` on Debian: database servers refuse to run as root. */
const ordinaryUserId = 65_534

const guardScript = `
directory=$1 stop_signal=$2; shift 2
"$@" &
server=$!
exec 2>/dev/null
cat >/dev/null
kill -s "$stop_signal" $server
wait $server
rm -rf "$directory"
`

export interface ServerProcess {
  /** Stops the server, waits for its end and removes its directory. Calling it twice is harmless. */
  stop(): Promise<void>
}

export interface ServerCommand {
  directory: string
  command: string
  args: string[]
  stopSignal: 'INT' | 'TERM' | 'KILL'
  /** What the server writes to stderr when it accepts connections. */
  readyPattern: RegExp
}

/** Finds a program in the given directories; undefined where the server is not installed. */
export function findProgram(name: string, directories: readonly string[]): string | undefined {
  return directories.map(directory => join(directory, name)).find(isExecutable)
}

/**
 * Whether tests that need this server run, are skipped or fail.
 *
 * @throws when RAPPEL_TEST_REQUIRE_SERVERS=1 (set by .ci/run) and the server is absent: nothing is skipped there
 */
export function serverAvailable(name: string, program: string | undefined): boolean {
  if (program !== undefined && process.platform !== 'win32') return true
  if (process.env.RAPPEL_TEST_REQUIRE_SERVERS === '1') {
    throw new Error(`${name} is not installed here and RAPPEL_TEST_REQUIRE_SERVERS=1 lets no test be skipped`)
  }
  return false
}

/** A directory that the ordinary user owns. */
export function serverDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `rappel-${name}-`))
  if (isRoot()) chownSync(directory, ordinaryUserId, ordinaryUserId)
  return directory
}

/** Runs a preparation command as the ordinary user. */
export async function runAsOrdinaryUser(command: string, args: string[], directory: string): Promise<void> {
  await run(command, args, { cwd: directory, env: serverEnvironment(directory), ...identity() })
}

export interface ServerCertificate {
  certificatePath: string
  keyPath: string
  /** The certificate, which is its own authority. */
  caPem: string
}

/** A self-signed certificate for the name `localhost` only, so that an address does not match it. */
export async function selfSignedCertificate(directory: string): Promise<ServerCertificate> {
  const certificatePath = join(directory, 'certificate.pem')
  const keyPath = join(directory, 'key.pem')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyPath]
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2']
  await runAsOrdinaryUser('openssl', ['req', '-x509', ...key, ...name, '-out', certificatePath], directory)
  return { certificatePath, keyPath, caPem: readFileSync(certificatePath, 'utf8') }
}

/** A port that was free a moment ago; whoever binds it must be ready to try another. */
export async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}

/** Starts the server and waits until it says that it accepts connections. */
export async function startServer(command: ServerCommand): Promise<ServerProcess> {
  const args = ['-c', guardScript, 'guard', command.directory, command.stopSignal, command.command]
  const guard = spawn('/bin/sh', [...args, ...command.args], {
    cwd: command.directory,
    env: serverEnvironment(command.directory),
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    ...identity(),
  })
  const ended = new Promise<void>(resolve => guard.once('exit', () => resolve()))
  const stop = async (): Promise<void> => {
    guard.ref()
    guard.stdin.destroy()
    await ended
    rmSync(command.directory, { recursive: true, force: true, maxRetries: 3 })
  }

  let said = ''
  const isReady = await new Promise<boolean>(resolve => {
    guard.stderr.setEncoding('utf8')
    guard.stderr.on('data', (text: string) => {
      if (said.length < 100_000) said += text
      if (command.readyPattern.test(said)) resolve(true)
    })
    guard.stderr.once('end', () => resolve(false))
    guard.once('error', () => resolve(false))
  })
  if (!isReady) {
    await stop()
    throw new Error(`${command.command} did not start: ${said.slice(-2_000)}`)
  }
  guard.unref()
  unref(guard.stdin)
  unref(guard.stderr)
  return { stop }
}

/** Starts with `attempt` on a free port, again when another process took that port first. */
export async function onFreePort<T>(attempt: (port: number) => Promise<T>): Promise<T> {
  let failure: unknown
  for (let tries = 0; tries < 5; tries += 1) {
    try {
      return await attempt(await freePort())
    } catch (error) {
      failure = error
      if (!/address already in use|could not bind|can't start server/i.test(String(error))) break
    }
  }
  throw failure
}

function identity(): { uid?: number; gid?: number } {
  return isRoot() ? { uid: ordinaryUserId, gid: ordinaryUserId } : {}
}

function isRoot(): boolean {
  return process.platform !== 'win32' && userInfo().uid === 0
}

/** Nothing of the developer's own settings (PGPORT, MYSQL_HOME…) reaches the server. */
function serverEnvironment(directory: string): NodeJS.ProcessEnv {
  return { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', HOME: directory, TMPDIR: directory }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A pipe of a child keeps the event loop alive unless it is told not to; the types do not know that it is a socket. */
function unref(stream: object): void {
  if ('unref' in stream && typeof stream.unref === 'function') stream.unref()
}
