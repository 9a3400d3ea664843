/** The rules of the house as data: who may import whom, and the files that are allowed to differ. */

export interface Room {
  /** Folder; a file belongs to the room with the longest matching one. */
  path: string
  /** Rooms it may import, itself apart; `*` is all. */
  imports: readonly string[]
  /** npm packages it may import; `*` is all. */
  packages: readonly string[]
  /** Whether `node:` modules may be imported: what runs in a browser has none. */
  hasNode: boolean
}

/** DESIGN section 1: imports go one way. */
export const rooms: readonly Room[] = [
  { path: 'templates/text', imports: [], packages: ['libphonenumber-js'], hasNode: false },
  { path: 'templates', imports: ['templates/text'], packages: ['*'], hasNode: true },
  { path: 'connectors', imports: ['templates/text'], packages: ['*'], hasNode: true },
  {
    path: 'scheduler',
    imports: ['connectors', 'templates', 'templates/text'],
    packages: ['*'],
    hasNode: true,
  },
  { path: 'server/api/contract', imports: ['templates/text'], packages: ['zod'], hasNode: false },
  {
    path: 'server',
    imports: ['server/api/contract', 'scheduler', 'connectors', 'templates', 'templates/text'],
    packages: ['*'],
    hasNode: true,
  },
  { path: 'web', imports: ['server/api/contract', 'templates/text'], packages: ['*'], hasNode: false },
  { path: 'installer', imports: [], packages: ['*'], hasNode: true },
  { path: 'test', imports: ['*'], packages: ['*'], hasNode: true },
]

/** Folders with a README of one page, as soon as they hold a file. */
export const roomsWithReadme = [
  'server',
  'server/api',
  'server/gateway',
  'server/store',
  'connectors',
  'connectors/operators/simulator',
  'connectors/operators/smpp',
  'connectors/sources',
  'templates',
  'templates/text',
  'scheduler',
  'scheduler/alerts',
  'scheduler/alerts/triggers',
  'scheduler/calendar',
  'web',
  'installer',
  'test',
]

/** Lines a file may have; a longer one is cut along its ideas. */
export const mostLines = 400
/** Tables of a standard, locales, fixtures and migrations may be longer. Each one is named here. */
export const longFiles: readonly string[] = []
/** Folders whose files are data. */
export const longFolders = ['test/fixtures', 'web/locales', 'server/store/migrations']

/** Only this file asks the machine for the time or sets timers. */
export const clockFiles = ['connectors/clock.ts']
/** Only these read variables. Tests may: they are given RAPPEL_TEST_* by .ci/run. */
export const environmentFolders = ['server/config.ts', 'server/config']
/** Tools that demand a default export of their configuration. */
export const defaultExportFiles = ['web/vite.config.ts', 'vite.config.ts']
