/**
 * Functions that leave the read-only ground: files, networks, other connections, other sessions, settings, sequences,
 * locks, and those that execute SQL handed over as text. Pure. Sleeping is not listed: the time limit ends it.
 */
import type { SqlDialect } from './sql-tokens.ts'

const dangerous: Record<Exclude<SqlDialect, 'ansi'>, RegExp> = {
  postgres:
    /^(?:pg_(?:read|ls|stat|file)_\w*(?:file|dir)\w*|pg_file_\w+|pg_stat_file|pg_logdir_ls|pg_logfile_rotate|pg_(?:clear|restore)_\w+|pg_buffercache_evict\w*|lo_\w+|lowrite|loread|dblink\w*|postgres_fdw_\w+|http(?:_\w+)?|pg_(?:terminate|cancel)_backend|pg_(?:reload_conf|rotate_logfile\w*|promote|switch_\w+|create_\w+|drop_\w+|copy_\w+|sync_\w+|backup_\w+|start_backup|stop_backup|wal_replay_\w+|logical_\w+|replication_\w+|import_\w+|notify|export_snapshot|log_\w+|stat_reset\w*|stat_statements_reset|prewarm|truncate_visibility_map)|pg_(?:try_)?advisory_\w+|set_config|nextval|setval|query_to_xml\w*|cursor_to_xml\w*|binary_upgrade_\w+|pg_nextoid|pg_stop_making_pinned_objects|ts_stat|ts_rewrite|crosstab\w*|connectby|xpath_table|gin_clean_pending_list|brin_(?:de)?summarize_\w+|heap_force_\w+)$/,
  /** The last lines: functions of MySQL's and MariaDB's plugins that change the server or speak to another. */
  mysql:
    /^(?:load_file|sys_(?:exec|eval|get|set)|lib_mysqludf\w*|(?:get|release)_lock|release_all_locks|nextval|setval|(?:master|source)_(?:pos|gtid)_wait|wait_for_executed_gtid_set|service_\w+|set_user_var|spider_\w+|group_replication_\w+|asynchronous_connection_\w+|audit_\w+|keyring_\w+|version_tokens_\w+|\w*firewall\w*|mysqlx?_\w+|http_\w+)$/,
  /** Other servers and files; a file's name may be a share, to which the server then shows its password hash. */
  mssql:
    /^(?:open(?:rowset|query|datasource|xml)|(?:xp|sp)_\w+|fn_trace_gettable|fn_get_audit_file|fn_xe_\w*file\w*|fn_dump_dblog|fn_(?:full_)?dblog|dm_os_(?:file_exists|enumerate_\w+))$/,
  /** XML that is parsed may name a document elsewhere, which the server then fetches. */
  oracle:
    /^(?:httpuritype|dburitype|xdburitype|bfilename|sys_dburigen|xmltype|createxml|xmlparse|xmlquery|xmltable|xmlexists|xmltransform|xmlpatch|updatexml|extractvalue|existsnode|external)$/,
  informix:
    /^(?:filetoblob|filetoclob|lotofile|locopy|admin|task|sysbldprepare|sysbldrelease|mq\w+|extend_role|jvpcontrol|ifx_(?:un)?(?:load|replace)_\w+)$/,
  db2: /^(?:http\w*|mq\w+|qcmdexc|ifs_\w+|(?:send|receive)_\w+|change_user_profile|xmlparse)$/,
  access:
    /^(?:shell|createobject|getobject|environ|eval|curdir|dir|kill|mkdir|rmdir|chdir|filecopy|setattr|sendkeys|appactivate|savesetting|deletesetting|d(?:lookup|count|sum|avg|max|min|first|last))$/,
  sqlite: /^(?:load_extension|readfile|writefile|fts3_tokenizer|edit|zipfile|fsdir|lsmode|eval)$/,
}
/** What no server of the others has: Firebird's generators. */
const elsewhere = /^gen_id$/

/** Oracle's and DB2's packages reach files, mail, other servers and locks; these only calculate. */
const dangerousPackage =
  /^(?:dbms_(?!lob$|random$)\w+|utl_(?!raw$|i18n$|match$|encode$|url$)\w+|owa\w*|apex_\w+|ctx_\w+|ctxsys|drithsx|kup\w+|ordsys|ordplugins|urifactory|htp|htf)$/
const dialectsWithPackages: ReadonlySet<SqlDialect> = new Set(['oracle', 'db2', 'ansi'])

/** @param name in any case, without quotes; a function's, seen before its parenthesis */
export function isDangerousFunction(name: string, dialect: SqlDialect): boolean {
  const lower = name.toLowerCase()
  if (dialect !== 'ansi') return dangerous[dialect].test(lower)
  return elsewhere.test(lower) || Object.values(dangerous).some(pattern => pattern.test(lower))
}

/** @param name in any case, without quotes; seen before a dot */
export function isDangerousPackage(name: string, dialect: SqlDialect): boolean {
  return dialectsWithPackages.has(dialect) && dangerousPackage.test(name.toLowerCase())
}
