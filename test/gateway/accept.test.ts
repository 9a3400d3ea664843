import test from 'ava'
import { createAccept } from '../../server/gateway/accept.ts'
import type { GroupRequest } from '../../server/store/enqueue-group.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { item } from '../support/stored-messages.ts'

function acceptUnderTest(operatorFor: (message: { recipient: string }) => number | null = () => 1) {
  const commits: (readonly GroupRequest[])[] = []
  const woken: number[] = []
  const state = { isStopping: false }
  const accept = createAccept({
    clock: fakeClock(),
    operatorFor,
    unknownPolicyOf: () => 'hold' as const,
    isStopping: () => state.isStopping,
    onQueued: operatorIds => woken.push(...operatorIds),
    store: {
      enqueue: {
        enqueue: () => Promise.reject(new Error('not asked for')),
        async enqueueGroup({ requests }) {
          commits.push(requests)
          if (requests.some(({ items }) => items[0]?.message.text === 'poison')) throw new Error('poison')
          return requests.map(() => ({ kind: 'accepted', results: [] }))
        },
      },
    },
  })
  return { accept, commits, woken, state }
}

test('requests of one turn share a commit, and their operators are woken after it', async t => {
  const { accept, commits, woken } = acceptUnderTest(({ recipient }) =>
    recipient.startsWith('226') ? 7 : null,
  )
  await Promise.all([
    accept({ items: [item()] }),
    accept({ items: [item({ recipient: '33600000001' }), item()] }),
  ])
  t.is(commits.length, 1)
  t.deepEqual(
    commits[0]!.flatMap(({ items }) => items.map(({ message }) => message.operatorId)),
    [7, null, 7],
  )
  t.deepEqual(woken, [7])
})

test('large requests do not share one endless commit', async t => {
  const { accept, commits } = acceptUnderTest()
  const items = Array.from({ length: 1_500 }, () => item())
  await Promise.all([accept({ items }), accept({ items }), accept({ items: [item()] })])
  t.deepEqual(
    commits.map(requests => requests.reduce((sum, request) => sum + request.items.length, 0)),
    [1_500, 1_501],
  )
})

test('a request that the store cannot take fails without its neighbours', async t => {
  const { accept } = acceptUnderTest()
  const answers = await Promise.allSettled([
    accept({ items: [item()] }),
    accept({ items: [item({ text: 'poison' })] }),
    accept({ items: [item()] }),
  ])
  t.deepEqual(
    answers.map(answer => answer.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})

test('once stopping, nothing is accepted', async t => {
  const { accept, commits, state } = acceptUnderTest()
  state.isStopping = true
  await t.throwsAsync(accept({ items: [item()] }), { message: /stopping/ })
  t.is(commits.length, 0)
})
