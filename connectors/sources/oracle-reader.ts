/** The child process of one read of Oracle. Started by oracle.ts only. */
import { serveDriver } from './driver-child.ts'
import { loadOracleDriver } from './oracle-driver.ts'
import { type OracleOrder, openOracleSession } from './oracle-session.ts'

serveDriver<OracleOrder>(order => openOracleSession(loadOracleDriver(), order))
