/** The commands of PostgreSQL that take the place of ours. Passwords stay out: they would stand in the history. */

export function pgDumpCommand(url: string, file: string): string {
  return `pg_dump --format=custom --file=${quoted(file)} ${quoted(withoutPassword(url))}`
}

export function pgRestoreCommand(url: string, file: string): string {
  return `pg_restore --clean --if-exists --exit-on-error --dbname=${quoted(withoutPassword(url))} ${quoted(file)}`
}

function withoutPassword(url: string): string {
  const bare = new URL(url)
  bare.password = ''
  return bare.href
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
