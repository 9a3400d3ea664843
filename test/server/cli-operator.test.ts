import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { operatorPresets } from '../../connectors/operators/presets/all.ts'
import { startSimulator } from '../../connectors/operators/simulator/simulator.ts'
import { causeWords, findingWords, outcomeWords, stepWords } from '../../server/cli/diagnosis-words.ts'
import { diagnosisText } from '../../server/cli/operator-diagnose.ts'
import { configOf } from '../../server/cli/operator-presets.ts'
import { diagnosisSteps, findingCodes } from '../../server/gateway/diagnosis/finding.ts'
import { tempDir } from '../support/temp-dir.ts'
import { runRappel, startRappel } from './cli-support.ts'

/** A server over an empty store, and `rappel operator` with a key for it; whatever is not said to fail succeeds. */
async function servedOperators(t: ExecutionContext): Promise<{
  operator(...args: string[]): Promise<string>
  refused(...args: string[]): Promise<string>
}> {
  const at = ['--data', join(tempDir(t), 'data')]
  const created = await runRappel(t, ['user', 'create', 'k', '--scopes', 'admin', ...at])
  const keyed = [...at, '--key', created.stdout.trim()]
  await startRappel(t, at[1]!)
  return {
    async operator(...args) {
      const ended = await runRappel(t, ['operator', ...args, ...keyed])
      t.is(ended.code, 0, `${args.join(' ')}: ${ended.stderr}${ended.stdout}`)
      return ended.stdout
    },
    async refused(...args) {
      const ended = await runRappel(t, ['operator', ...args, ...keyed])
      t.is(ended.code, 1, args.join(' '))
      return ended.stderr
    },
  }
}

test('every step, every code and every cause has its sentence in both languages', t => {
  t.deepEqual(Object.keys(stepWords).sort(), [...diagnosisSteps].sort())
  t.deepEqual(Object.keys(findingWords).sort(), [...findingCodes].sort())
  for (const words of [stepWords, findingWords, causeWords, outcomeWords]) {
    for (const [code, { fr, en }] of Object.entries(words)) t.true(fr !== '' && en !== '', code)
  }
})

test('a report is one line per finding, in the language asked for', t => {
  const report = {
    outcome: 'failed' as const,
    findings: [
      {
        step: 'reachability',
        outcome: 'ok' as const,
        code: 'connected',
        details: { host: 'smsc.example', port: 2775 },
      },
      {
        step: 'login',
        outcome: 'failed' as const,
        code: 'login-refused',
        details: { status: 'ESME_RINVPASWD', cause: 'password', reason: 'a\nb' },
      },
      { step: 'submit', outcome: 'skipped' as const, code: 'of a newer server', details: {} },
    ],
  }
  t.deepEqual(diagnosisText(report, 'en').split('\n'), [
    'ok        reachability: the port answers [host=smsc.example, port=2775]',
    'failed    login: the operator refused: the password is wrong [status=ESME_RINVPASWD, reason=a b]',
    'skipped   submit: of a newer server',
    'problems found',
    '',
  ])
  t.regex(
    diagnosisText(report, 'fr'),
    /^échec {5}ouverture de session\u00a0: l’opérateur a refusé\u00a0: le mot de passe est faux/m,
  )
})

test('settings of the command line are numbers, objects or text, as the setting wants them', t => {
  t.deepEqual(
    configOf([
      'host=smsc.example',
      'port=5000',
      'shortCode=36180',
      'tls={"verifyPeer":false}',
      'password=a=b',
    ]),
    {
      host: 'smsc.example',
      port: 5000,
      shortCode: '36180',
      tls: { verifyPeer: false },
      password: 'a=b',
    },
  )
  t.throws(() => configOf(['nothing']), { message: /expected setting=value/ })
})

test.serial(
  'an operator is added from a preset, looked at, traced, diagnosed, drained and stopped',
  async t => {
    const simulator = await startSimulator()
    t.teardown(() => simulator.stop())
    const data = join(tempDir(t), 'data')
    const at = ['--data', data]
    const alone = await runRappel(t, ['operator', 'list', ...at])
    t.regex(alone.stderr, /^no server runs on this data directory/)
    const created = await runRappel(t, ['user', 'create', 'k', '--scopes', 'admin', ...at])
    const keyed = [...at, '--key', created.stdout.trim()]
    await startRappel(t, data)
    t.regex((await runRappel(t, ['operator', 'list', ...at])).stderr, /^the server needs a key/)
    const operator = async (...args: string[]) => {
      const ended = await runRappel(t, ['operator', ...args, ...keyed])
      t.is(ended.code, 0, `${args.join(' ')}: ${ended.stderr}${ended.stdout}`)
      return ended.stdout
    }
    t.is((await operator('presets')).trimEnd().split('\n').length, operatorPresets.length)
    t.regex(await operator('presets', 'fr-orange-ops'), /notificationTypes +3 +notification-mask/)
    const settings = [
      'host=127.0.0.1',
      `port=${simulator.port}`,
      'systemId=rappel',
      'password=secret',
      'partsPerSecond=20',
    ]
    const sets = settings.flatMap(setting => ['--set', setting])
    t.is(
      await operator('add', 'Orange', '--preset', 'bf-orange', '--sender', '3210', ...sets),
      'operator 1 Orange added and started\n',
    )
    await simulator.when(({ sessions }) => sessions === 1)
    t.regex(
      await operator('list'),
      /^1 {2}Orange {2}bound since \S+ {2}sending {2}0\/10 in flight {2}0\/20 per second/,
    )
    t.regex(await operator('trace', 'orange', '--on', '--minutes', '5'), /^orange is traced until 20/)
    const report = await operator('diagnose', 'Orange', '--to', '70 00 00 01', '--lang', 'fr')
    t.regex(report, /^ok {8}envoi\u00a0: accepté/m)
    t.regex(report, /^ok {8}accusé de réception\u00a0: remis/m)
    t.regex(report, /ce qui a été essayé est en ordre \(non essayé\u00a0: .*\)\n$/)
    t.regex(await operator('trace', 'Orange'), /submit_sm /)
    t.is(await operator('trace', 'Orange', '--off'), 'Orange is not traced\n')
    t.regex(await operator('drain', 'Orange'), /drain/)
    t.regex(await operator('stop', '1'), /stopped/)
    t.regex(await operator('events', 'Orange'), /^\S+Z {2}stopped/)
    const unknown = await runRappel(t, ['operator', 'events', 'Nobody', ...keyed])
    t.is(unknown.stderr, 'there is no operator Nobody; there are: Orange\n')
    await simulator.stop()
    const failed = await runRappel(t, ['operator', 'diagnose', 'Orange', ...keyed])
    t.is(failed.code, 1)
    t.regex(failed.stdout, /^failed {4}reachability: the host answers and nobody listens/m)
  },
)

test.serial(
  'the traffic of a month is shown as a table, as a file and as JSON, and what is to come too',
  async t => {
    const simulator = await startSimulator()
    t.teardown(() => simulator.stop())
    const { operator, refused } = await servedOperators(t)
    const settings = [
      'host=127.0.0.1',
      `port=${simulator.port}`,
      'systemId=rappel',
      'password=secret',
      'partsPerSecond=20',
    ]
    const sets = settings.flatMap(setting => ['--set', setting])
    await operator('add', 'Orange', '--preset', 'bf-orange', '--sender', '3210', ...sets)
    await simulator.when(({ sessions }) => sessions === 1)
    // Its test message comes back with a receipt: one delivered message of nobody's alert.
    await operator('diagnose', 'Orange', '--to', '70 00 00 01')
    const headings = 'sentMessages;sentParts;delivered;undelivered;expired;refused;unknown;costMilli'
    const table = (await operator('traffic', 'Orange')).trimEnd().split('\n')
    t.deepEqual(
      table.map(line => line.split(/ {2,}/).slice(1)),
      [
        ['operator', 'category', 'alertId', 'alert', ...headings.split(';')],
        ['Orange', 'applications', ...'11100000'],
        ['Orange', 'total', ...'11100000'],
      ],
    )
    const file = await operator('traffic', 'Orange', '--csv')
    t.is(file[0], '\ufeff')
    const [heading, line] = file.slice(1).split('\r\n')
    t.is(heading, `month;operator;category;alertId;alert;${headings}`)
    t.regex(line!, /^\d{4}-\d\d;Orange;applications;;;1;1;1;0;0;0;0;0$/)
    const json = JSON.parse(await operator('traffic', 'Orange', '--month', '2026-01', '--json'))
    t.like(json, { month: '2026-01', operatorName: 'Orange', total: { sentMessages: 0 }, alerts: [] })
    const expected = (await operator('traffic', 'Orange', '--forecast', '--days', '2')).trimEnd().split('\n')
    t.deepEqual(expected.at(-1)!.split(/ {2,}/), ['total', 'Orange', '0', '0'])
    t.regex(await refused('traffic', 'Orange', '--month', '2026-13'), /query\.month.*as 2027-03/)
  },
)
