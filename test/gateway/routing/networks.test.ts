/** Which network a number's prefix belongs to, for every country that the product ships. */
import test from 'ava'
import {
  changedNetworks,
  type Network,
  networkProblems,
  networksInForce,
} from '../../../server/gateway/routing/networks.ts'
import { createNumberPlan } from '../../../server/gateway/routing/number-plan.ts'

/** Prefixes of each network as the carrier tables of 2026 have them, written out; numbers are filled up with zeros. */
const expected: Readonly<
  Record<string, { callingCode: string; digits: number; networks: Record<string, string> }>
> = {
  BF: {
    callingCode: '226',
    digits: 8,
    networks: {
      orange: '04 05 06 07 44 45 46 54 55 56 57 64 65 66 67 74 75 76 77',
      moov: '01 02 03 50 51 52 53 60 61 62 63 70 71 72 73',
      telecel: '58 68 69 78 79',
    },
  },
  CI: { callingCode: '225', digits: 10, networks: { orange: '07', mtn: '05', moov: '01' } },
  SN: {
    callingCode: '221',
    digits: 9,
    networks: {
      orange: '71 77 78',
      yas: '76',
      expresso: '70',
      promobile: '75',
      hayo: '721',
      adie: '790',
    },
  },
  ML: {
    callingCode: '223',
    digits: 8,
    networks: {
      orange: '70 75 79 82 83 84 85 90 91 92 93 94 200',
      moov: '60 65 69 89 95 96 97 98 99 2079 217',
      telecel: '50 51 52 53',
    },
  },
  NE: {
    callingCode: '227',
    digits: 8,
    networks: {
      airtel: '77 86 87 88 89 96 97 98 99',
      zamani: '23 70 80 81 82 90 91 92',
      moov: '74 84 85 94 95',
      'niger-telecoms': '83 93',
    },
  },
  BJ: {
    callingCode: '229',
    digits: 10,
    networks: {
      mtn: '0142 0146 0150 0151 0152 0153 0154 0156 0157 0159 0161 0162 0166 0167 0169 0190 0191 0196 0197',
      moov: '0145 0155 0158 0160 0163 0164 0165 0168 0194 0195 0198 0199',
      celtiis: '0128 0140 0141 0143 0144 0147 0148 0149 0192 0193',
    },
  },
  TG: {
    callingCode: '228',
    digits: 8,
    networks: { yas: '70 71 72 73 90 91 92 93', moov: '78 79 96 97 98 99' },
  },
  CM: {
    callingCode: '237',
    digits: 9,
    networks: {
      mtn: '67 650 651 652 653 654 680 681 682 683',
      orange: '64 655 656 657 658 659 686 687 688 689 69',
      nexttel: '66 684 685',
      camtel: '24 62',
    },
  },
  FR: { callingCode: '33', digits: 9, networks: {} },
}

const plan = createNumberPlan(networksInForce([]), [])

for (const [country, { callingCode, digits, networks }] of Object.entries(expected)) {
  test(`every prefix of ${country} leads to its network`, t => {
    t.is(plan.placeOf(callingCode.padEnd(callingCode.length + digits, '0')).country, country)
    for (const [code, prefixes] of Object.entries(networks)) {
      for (const prefix of prefixes.split(' ')) {
        for (const rest of ['0', '9']) {
          const number = callingCode + prefix.padEnd(digits, rest)
          const place = plan.placeOf(number)
          t.is(place.network, `${country}:${code}`, number)
          t.is(place.country, country)
          t.true(number.startsWith(place.networkPrefix))
        }
      }
    }
  })
}

test('a number without a known prefix keeps its country, one of no plan has none', t => {
  t.like(plan.placeOf('33612345678'), { country: 'FR', network: null })
  t.like(plan.placeOf('22625332244'), { country: 'BF', network: null, networkPrefix: '' })
  t.like(plan.placeOf('14155550100'), { country: null, network: null, head: '' })
  t.like(plan.placeOf(''), { country: null, network: null })
})

test('a country that was changed has its own table, the others follow the product', t => {
  const shipped = networksInForce([])
  t.deepEqual(changedNetworks(shipped), [])
  const merged = shipped
    .filter(network => network.country !== 'CI')
    .concat({ country: 'CI', code: 'orange', label: 'Orange CI', prefixes: ['07', '05'] })
  const changed = changedNetworks(merged)
  t.deepEqual(
    changed.map(({ country }) => country),
    ['CI'],
  )
  const place = createNumberPlan(networksInForce(changed), []).placeOf('2250501020304')
  t.is(place.network, 'CI:orange')
  const none = changedNetworks(shipped.filter(network => network.country !== 'TG'))
  t.deepEqual(none, [{ country: 'TG', networks: [] }])
  t.false(networksInForce(none).some(network => network.country === 'TG'))
})

test('tables that contradict themselves are told', t => {
  const orange: Network = { country: 'BF', code: 'orange', label: 'Orange', prefixes: ['70', '71'] }
  t.deepEqual(networkProblems(networksInForce([])), [])
  t.is(networkProblems([orange, { ...orange, label: 'Other', prefixes: [] }]).length, 1)
  t.deepEqual(networkProblems([orange, { ...orange, code: 'moov', prefixes: ['71'] }]), [
    'BF: prefix 71 is of orange and of moov',
  ])
  t.deepEqual(networkProblems([orange, { ...orange, country: 'ML' }]), [])
})
