/** A live SQL Server for tests, where one is named; the product needs none to be tested up to the wire. */

/**
 * `RAPPEL_TEST_MSSQL_URL=mssql://sa:password@10.0.0.7:1433/rappel_test?tls=require&allowOldTls=true`: an account that
 * may create tables in a database of its own.
 *
 * @returns settings of a source; undefined where no server is named
 * @throws Error for a URL that names none
 */
export function liveMssqlConfig(
  url = process.env.RAPPEL_TEST_MSSQL_URL,
): Record<string, unknown> | undefined {
  if (url === undefined || url === '') return undefined
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(url)
  if (protocol !== 'mssql:' || hostname === '' || pathname.length < 2) {
    throw new Error('RAPPEL_TEST_MSSQL_URL is mssql://user:password@host:port/database')
  }
  const instanceName = searchParams.get('instanceName')
  const domain = searchParams.get('domain')
  return {
    host: hostname,
    ...(instanceName === null ? { port: Number(port || 1433) } : { instanceName }),
    ...(domain !== null && { domain }),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    tls: { mode: searchParams.get('tls') ?? 'require' },
    allowOldTls: searchParams.get('allowOldTls') === 'true',
  }
}
