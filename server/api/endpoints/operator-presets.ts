/** Known operators: what is usual, what to fill in, what to ask them. */
import { operatorPresets } from '../../../connectors/operators/presets/all.ts'
import { presetList } from '../contract/operators.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'

export const operatorPresetEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/operator-presets',
    noun: 'operators',
    scope: 'operators:read',
    summary: 'List the presets of known operators, with what must be filled in and what must be asked',
    status: 200,
    answer: presetList,
    handle: async () => ({
      presets: operatorPresets.map(({ config, fill, assumptions, serves, ...preset }) => ({
        ...preset,
        config: { ...config },
        fill: [...fill],
        assumptions: [...assumptions],
        serves:
          'networks' in serves ? { networks: [...serves.networks] } : { countries: [...serves.countries] },
      })),
    }),
  }),
]
