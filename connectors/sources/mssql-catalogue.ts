/** What is asked of SQL Server's own tables. They have these columns since 2005. */

/** Tables and views the account can see, column by column. */
export const tablesQuery = `SELECT TABLE_SCHEMA AS [schema], TABLE_NAME AS [table], COLUMN_NAME AS [column],
    DATA_TYPE + CASE
      WHEN DATA_TYPE IN ('text', 'ntext', 'image', 'xml', 'sql_variant') THEN ''
      WHEN CHARACTER_MAXIMUM_LENGTH = -1 THEN '(max)'
      WHEN CHARACTER_MAXIMUM_LENGTH IS NOT NULL THEN '(' + CAST(CHARACTER_MAXIMUM_LENGTH AS VARCHAR(11)) + ')'
      WHEN DATA_TYPE IN ('decimal', 'numeric')
        THEN '(' + CAST(NUMERIC_PRECISION AS VARCHAR(4)) + ',' + CAST(NUMERIC_SCALE AS VARCHAR(4)) + ')'
      WHEN DATA_TYPE IN ('datetime2', 'datetimeoffset', 'time')
        THEN '(' + CAST(DATETIME_PRECISION AS VARCHAR(4)) + ')'
      ELSE '' END AS [type]
  FROM INFORMATION_SCHEMA.COLUMNS
  ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION`

/** How many tables and views the account may read. */
export const readRightsQuery = `SELECT COUNT(*) FROM sys.objects AS o
  WHERE o.type IN ('U', 'V')
    AND HAS_PERMS_BY_NAME(QUOTENAME(SCHEMA_NAME(o.schema_id)) + '.' + QUOTENAME(o.name), 'OBJECT', 'SELECT') = 1`

/** Whether the account is a sysadmin, whether it owns the database, and how many tables it can write. */
export const writeRightsQuery = `SELECT IS_SRVROLEMEMBER('sysadmin'), IS_MEMBER('db_owner'),
    (SELECT COUNT(*) FROM sys.tables AS t
      WHERE HAS_PERMS_BY_NAME(QUOTENAME(SCHEMA_NAME(t.schema_id)) + '.' + QUOTENAME(t.name), 'OBJECT', 'INSERT') = 1
        OR HAS_PERMS_BY_NAME(QUOTENAME(SCHEMA_NAME(t.schema_id)) + '.' + QUOTENAME(t.name), 'OBJECT', 'UPDATE') = 1
        OR HAS_PERMS_BY_NAME(QUOTENAME(SCHEMA_NAME(t.schema_id)) + '.' + QUOTENAME(t.name), 'OBJECT', 'DELETE') = 1)`
