/** The child process of one read through ODBC. Started by odbc.ts only. */
import { serveDriver } from './driver-child.ts'
import { loadOdbcDriver } from './odbc-driver.ts'
import { type OdbcOrder, openOdbcSession } from './odbc-session.ts'

serveDriver<OdbcOrder>(order => openOdbcSession(loadOdbcDriver(), order))
