import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { type FileText, readTextFile } from '../../server/config/read-file.ts'
import { settings } from '../../server/config/settings.ts'
import { readYaml } from '../../server/config/yaml-file.ts'
import {
  type Config,
  type ConfigSources,
  loadConfig,
  loadProcessConfig,
  loggableConfig,
} from '../../server/config.ts'
import { tempDir } from '../support/temp-dir.ts'

interface Given {
  files?: Record<string, string>
  environment?: Record<string, string>
  options?: ConfigSources['options']
}

function load({ files = {}, environment = {}, options = {} }: Given) {
  const readFile = (path: string): FileText => {
    const text = files[path]
    return text === undefined ? { kind: 'absent', reason: 'it does not exist' } : { kind: 'text', text }
  }
  return loadConfig({ options, environment, workingDirectory: '/srv', readFile })
}

const inDataDirectory = (text: string): Given => ({ files: { '/srv/data/rappel.yaml': text } })

function accepted(given: Given): Config {
  const outcome = load(given)
  if (outcome.kind === 'refused') throw new Error(outcome.problems.map(({ line }) => line).join('\n'))
  return outcome.config
}

function refusals(given: Given): string[] {
  const outcome = load(given)
  return outcome.kind === 'refused' ? outcome.problems.map(({ line }) => line) : []
}

test('without file, variable or option the defaults apply, with absolute paths', t => {
  t.deepEqual(accepted({}), {
    dataDirectory: '/srv/data',
    http: { host: '127.0.0.1', port: 8480, tls: null, trustProxy: [] },
    database: { kind: 'sqlite', file: '/srv/data/rappel.db' },
    keyFile: '/srv/data/secret.key',
    logLevel: 'info',
    logFile: null,
    timeZone: 'Africa/Ouagadougou',
    country: 'BF',
  })
})

test('the file in the data directory is read and its names count from there', t => {
  const text = `
http:
  host: 0.0.0.0
  port: 443
  tls: {certFile: tls/cert.pem, keyFile: /etc/ssl/key.pem}
  trustProxy: [loopback, 10.0.0.0/8]
logFile: rappel.log
timeZone: Europe/Paris
country: CI
`
  const config = accepted(inDataDirectory(text))
  t.deepEqual(config.http, {
    host: '0.0.0.0',
    port: 443,
    tls: { certFile: '/srv/data/tls/cert.pem', keyFile: '/etc/ssl/key.pem' },
    trustProxy: ['loopback', '10.0.0.0/8'],
  })
  t.is(config.logFile, '/srv/data/rappel.log')
  t.is(config.timeZone, 'Europe/Paris')
})

test('an option wins over a variable, a variable over the file', t => {
  const given = {
    files: { '/etc/rappel.yaml': 'http: {port: 1, host: "::1"}\nlogLevel: error\ndataDirectory: lib' },
    environment: { RAPPEL_CONFIG: '/etc/rappel.yaml', RAPPEL_HTTP_PORT: '2', RAPPEL_LOG_LEVEL: 'warn' },
    options: { port: '3' },
  }
  const config = accepted(given)
  t.is(config.http.port, 3)
  t.is(config.http.host, '::1')
  t.is(config.logLevel, 'warn')
  t.is(config.dataDirectory, '/etc/lib')
})

test('single PostgreSQL settings become one URL, with the password escaped and read from a file', t => {
  const config = accepted({
    files: {
      '/srv/data/rappel.yaml': 'database: {kind: postgres, host: db.example, tls: verify, caFile: ca.pem}',
      '/run/secret': 'p@ss/word\n',
    },
    environment: { RAPPEL_DATABASE_PASSWORD_FILE: '/run/secret' },
  })
  const url = new URL(config.database.kind === 'postgres' ? config.database.url : '')
  t.is(decodeURIComponent(url.password), 'p@ss/word')
  t.is(`${url.username}@${url.host}${url.pathname}`, 'rappel@db.example:5432/rappel')
  t.is(url.searchParams.get('sslmode'), 'verify-full')
  t.is(url.searchParams.get('sslrootcert'), '/srv/data/ca.pem')
  t.false(JSON.stringify(loggableConfig(config)).includes('word'))
})

test('a key without a value and an empty variable count as absent', t => {
  const given = { ...inDataDirectory('http:\nlogFile: ~\n'), environment: { RAPPEL_LOG_FILE: '' } }
  t.deepEqual(accepted(given), accepted({}))
})

test('variables that Docker, Kubernetes or the tests add are left alone', t => {
  const environment = {
    RAPPEL_PORT: 'tcp://10.0.0.1:8480',
    RAPPEL_SERVICE_HOST: '10.0.0.1',
    RAPPEL_TEST_X: '1',
  }
  t.deepEqual(refusals({ environment }), [])
})

test('the sample file names every setting of the schema with its default', t => {
  const sample = readFileSync(new URL('../../rappel.example.yaml', import.meta.url), 'utf8')
  const untouched = readYaml(sample, 'sample')
  t.deepEqual({ ...untouched.tree }, {})
  const { tree, problems } = readYaml(sample.replace(/^( *)#(?=[A-Za-z])/gm, '$1'), 'sample')
  t.deepEqual(problems, [])
  const flat = (value: unknown, path: string[]): [string, unknown][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([name, inner]) => flat(inner, [...path, name]))
      : [[path.join('.'), value]]
  const written = new Map(flat(tree, []))
  t.deepEqual([...written.keys()].sort(), settings.map(({ key }) => key).sort())
  for (const { key, defaultValue } of settings) {
    if (defaultValue !== undefined) t.deepEqual(written.get(key), defaultValue, key)
  }
})

const wrong: [title: string, given: Given, line: string][] = [
  [
    'a number out of range',
    inDataDirectory('\nhttp:\n  port: 70000'),
    'http.port: found 70000, expected a port, a whole number from 1 to 65535, or 0 for any free one (/srv/data/rappel.yaml line 3)',
  ],
  [
    'a variable that is no number',
    { environment: { RAPPEL_HTTP_PORT: 'eighty' } },
    'http.port: found "eighty", expected a port, a whole number from 1 to 65535, or 0 for any free one (environment variable RAPPEL_HTTP_PORT)',
  ],
  [
    'an option',
    { options: { 'log-level': 'loud' } },
    'logLevel: found "loud", expected trace, debug, info, warn, error (option --log-level)',
  ],
  [
    'a misspelt setting',
    inDataDirectory('http:\n  prot: 1'),
    'http.prot: unknown setting; did you mean http.port? (/srv/data/rappel.yaml line 2)',
  ],
  [
    'a setting in the wrong section',
    inDataDirectory('certFile: a.pem'),
    'certFile: unknown setting; did you mean http.tls.certFile? (/srv/data/rappel.yaml line 1)',
  ],
  [
    'a misspelt variable',
    { environment: { RAPPEL_HTTP_PROT: '1' } },
    'RAPPEL_HTTP_PROT: unknown environment variable; did you mean RAPPEL_HTTP_PORT?',
  ],
  [
    'a section written as a value',
    { ...inDataDirectory('http: 8480'), environment: { RAPPEL_HTTP_HOST: 'localhost' } },
    'http: found a number, expected settings below it, one per line and indented (/srv/data/rappel.yaml line 1)',
  ],
  [
    'an unquoted number where text belongs',
    inDataDirectory('country: 22'),
    'country: found 22 without quotes, expected a country code of ISO 3166-1, two capitals such as BF (/srv/data/rappel.yaml line 1)',
  ],
  [
    'an offset as time zone',
    inDataDirectory('timeZone: "+01:00"'),
    'timeZone: found "+01:00", expected an IANA time zone such as Africa/Ouagadougou (/srv/data/rappel.yaml line 1)',
  ],
  [
    'an element of a list',
    inDataDirectory('http:\n  trustProxy: [loopback, 10.0.0.0/33]'),
    'http.trustProxy: found ["loopback","10.0.0.0/33"], expected a list of addresses of proxies: loopback, an IP address, or a range such as 10.0.0.0/8 (/srv/data/rappel.yaml line 2)',
  ],
  [
    'a certificate without its key',
    inDataDirectory('http: {tls: {certFile: a.pem}}'),
    'http.tls.keyFile: found nothing, expected the private key that belongs to http.tls.certFile (/srv/data/rappel.yaml line 1)',
  ],
  [
    'a PostgreSQL setting with SQLite',
    { environment: { RAPPEL_DATABASE_HOST: 'db' } },
    'database.host: found "db", expected this setting only with database.kind: postgres (environment variable RAPPEL_DATABASE_HOST)',
  ],
  [
    'a setting written twice',
    inDataDirectory('country: BF\ncountry: CI'),
    'country: written twice; keep one (/srv/data/rappel.yaml line 2)',
  ],
  [
    'a start-up file that is named and absent',
    { options: { config: 'other.yaml' } },
    '/srv/other.yaml: start-up file cannot be read: it does not exist',
  ],
  [
    'a file in the data directory that names another one',
    inDataDirectory('dataDirectory: /elsewhere'),
    'dataDirectory: found /elsewhere, expected /srv/data, where this file was found; start with --config to name another (/srv/data/rappel.yaml line 1)',
  ],
  [
    'a secret file that is absent',
    { environment: { RAPPEL_DATABASE_URL_FILE: '/run/none' } },
    'RAPPEL_DATABASE_URL_FILE: /run/none cannot be read: it does not exist',
  ],
  [
    'a host with a line break',
    { environment: { RAPPEL_HTTP_HOST: 'a\nb' } },
    'http.host: found "a\\nb", expected an address or host name of this machine to listen on, without port (environment variable RAPPEL_HTTP_HOST)',
  ],
  [
    'a file that is a list',
    inDataDirectory('- http'),
    '/srv/data/rappel.yaml: found something else, expected settings, one "name: value" per line',
  ],
]
for (const [title, given, line] of wrong) {
  test(`${title} is refused in one line that says what and where`, t => {
    t.deepEqual(refusals(given), [line])
  })
}

test('every problem is told at once', t => {
  const lines = refusals({ ...inDataDirectory('a: 1\nb: 2'), environment: { RAPPEL_COUNTRY: 'zz' } })
  t.is(lines.length, 3)
})

test('more problems than a page are counted', t => {
  const text = Array.from({ length: 500 }, (_, i) => `k${i}: 1`).join('\n')
  const lines = refusals(inDataDirectory(text))
  t.is(lines.length, 21)
  t.is(lines.at(-1), 'more: 480 more problems')
})

test('a secret is never shown, wherever it was written', t => {
  const secret = 'hunter2-hunter2'
  const texts = [
    `database: {kind: postgres, url: "http://u:${secret}@h"}`,
    `database: "postgres://u:${secret}@h/d"`,
    `database: {kind: postgres, pasword: ${secret}}`,
    `database: {kind: postgres, url: "postgres://h/d", password: ${secret}}`,
    `database: {kind: postgres, password: [${secret}]}`,
    `http: {host: "postgres://u:${secret}@h/d"}`,
    `password: ${secret}`,
    `database: {password: ${secret}}`,
  ]
  for (const text of texts) {
    const lines = refusals(inDataDirectory(text))
    t.true(lines.length > 0, text)
    t.false(lines.join().includes('hunter2'), lines.join())
  }
})

test('a real file is read from a real directory; a larger one, a directory and bytes that are no text are refused', t => {
  const directory = tempDir(t)
  const write = (name: string, content: string | Uint8Array): string => {
    const path = join(directory, name)
    writeFileSync(path, content)
    return path
  }
  const good = loadProcessConfig({ config: write('good.yaml', 'country: CI'), 'data-directory': directory })
  t.is(good.kind === 'config' && good.config.country, 'CI')
  mkdirSync(join(directory, 'folder'))
  t.like(readTextFile(join(directory, 'folder'), 100), {
    kind: 'unreadable',
    reason: 'it is not a regular file',
  })
  t.like(readTextFile(write('large', 'x'.repeat(101)), 100), {
    kind: 'unreadable',
    reason: 'it has 101 bytes, at most 100 are accepted',
  })
  t.like(readTextFile(write('bytes', Uint8Array.of(0xff, 0xfe)), 100), {
    kind: 'unreadable',
    reason: 'it is not UTF-8 text',
  })
  t.like(readTextFile(join(directory, 'none'), 100), { kind: 'absent' })
})
