import test from 'ava'
import { KeptStates, throwAwayState } from '../../../connectors/sources/kept-state.ts'

test('what is kept is found again under the same settings, by the same source', t => {
  const states = new KeptStates()
  states.of(1, 'a').keep('token', 'T', 2)
  t.is(states.of(1, 'a').find('token'), 'T')
  t.is(states.of(2, 'a').find('token'), undefined)
  t.is(throwAwayState().find('token'), undefined)
})

test('other settings and a dropped source begin anew', t => {
  const states = new KeptStates()
  states.of(1, 'a').keep('token', 'T', 2)
  t.is(states.of(1, 'b').find('token'), undefined)
  t.is(states.of(1, 'a').find('token'), undefined)
  const open = states.of(1, 'a')
  states.drop(1)
  open.keep('token', 'T', 2)
  t.is(open.find('token'), 'T', 'a read under way works on')
  t.is(states.of(1, 'a').find('token'), undefined)
})

test('a source keeps so many keys and bytes; the one not used for longest goes first', t => {
  const state = new KeptStates({ bytesEach: 10, keys: 3 }).of(1, 'a')
  state.keep('a', 'A', 4)
  state.keep('b', 'B', 4)
  t.is(state.find('a'), 'A')
  state.keep('c', 'C', 4)
  t.deepEqual(
    ['a', 'b', 'c'].map(key => state.find(key)),
    ['A', undefined, 'C'],
  )
  state.keep('a', 'larger than all', 11)
  t.is(state.find('a'), undefined)
  for (const key of ['1', '2', '3', '4']) state.keep(key, key, 0)
  t.is(state.find('1'), undefined)
})

test('all sources together keep so many bytes, and there are so many of them', t => {
  const states = new KeptStates({ bytesEach: 10, bytes: 25, sources: 3 })
  for (const id of [1, 2, 3]) states.of(id, 'a').keep('x', id, 9)
  t.deepEqual(
    [1, 2, 3].map(id => states.of(id, 'a').find('x')),
    [undefined, 2, 3],
  )
  const few = new KeptStates({ sources: 2 })
  for (const id of [1, 2, 3]) few.of(id, 'a').keep('x', id, 1)
  t.is(few.of(3, 'a').find('x'), 3)
  t.is(few.of(1, 'a').find('x'), undefined)
})
