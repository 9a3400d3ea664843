/** The report of a dry run, ready for JSON. */
import type { z } from 'zod'
import type { DryRunReport, PlannedMessage } from '../../../scheduler/alerts/report.ts'
import type { dryRun } from '../contract/alerts.ts'
import { iso } from './times.ts'

export function dryRunOf(report: DryRunReport): z.input<typeof dryRun> {
  const { outcome, detail, counts, operators, issues, partsHistogram, isOverCap } = report
  return {
    outcome,
    detail,
    counts,
    operators,
    sample: report.sample.map(plannedOf),
    issues,
    partsHistogram,
    longest: report.longest === null ? null : plannedOf(report.longest),
    isOverCap,
  }
}

function plannedOf({ dueAtMs, ...planned }: PlannedMessage) {
  return { ...planned, dueAt: iso(dueAtMs) }
}
