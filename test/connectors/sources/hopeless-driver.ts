/** A driver's process as bad as they come: the connect string says in which way. Started by driver-process.test.ts. */
import { writeFileSync } from 'node:fs'
import { serveDriver } from '../../../connectors/sources/driver-child.ts'

serveDriver<string>(async ({ connection }) => {
  if (connection === 'crashes') process.kill(process.pid, 'SIGSEGV')
  if (connection === 'never connects') await new Promise(() => undefined)
  return {
    async read() {
      if (connection.startsWith('spins')) {
        writeFileSync(connection.slice('spins '.length), String(process.pid))
        while (true);
      }
      let sent = 0
      return {
        columns: ['n'],
        async next() {
          if (connection === 'crashes in the middle' && sent === 3) process.kill(process.pid, 'SIGSEGV')
          sent += 1
          return [[sent]]
        },
      }
    },
    update: async () => 1,
    stop: () => new Promise(() => undefined),
  }
})
