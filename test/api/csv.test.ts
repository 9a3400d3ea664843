import test from 'ava'
import { csvText } from '../../server/api/csv.ts'

test('cells are quoted where they must be, and no text becomes a formula', t => {
  t.is(
    csvText([
      ['a;b', 'he said "yes"', 'two\nlines', null, -5],
      ['=1+1', '@x', '+226', '-x', 'Échéance'],
    ]),
    '\ufeff"a;b";"he said ""yes""";"two\nlines";;-5\r\n\'=1+1;\'@x;\'+226;\'-x;Échéance\r\n',
  )
})
