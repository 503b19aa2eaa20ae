import { priorities } from '@foreman/jobs'
import Database from 'better-sqlite3'

type Counts = Record<string, number>

/** What is counted, and what a look at all jobs and their log finds. None of the jobs may have been deleted. */
export const tallyDifferences = (dbPath: string): { name: string; counted: Counts; happened: Counts }[] => {
  const db = new Database(dbPath, { readonly: true })
  try {
    const rows = <T>(sql: string): T[] => db.prepare(sql).all() as T[]
    const countsOf = (sql: string): Counts =>
      Object.fromEntries(rows<{ key: string; n: number }>(sql).map(({ key, n }) => [key, n]))
    const tallies = (name: string, ...labels: string[]): Counts =>
      countsOf(`SELECT concat_ws(' ', ${labels.map(label => `labels ->> '${label}'`).join(', ')}) AS key, sum(value) AS n
        FROM tallies WHERE name = '${name}' AND part <> 'sum' GROUP BY 1`)
    const events = (type: string, key: string): string =>
      `SELECT ${key} AS key, count(*) AS n FROM job_log WHERE kind = 'event' AND bytes ->> 'type' ${type} GROUP BY 1`
    const priority = `CASE priority ${priorities.map((name, at) => `WHEN ${at} THEN '${name}'`).join(' ')} END`
    const pairs: [name: string, counted: Counts, happened: Counts][] = [
      [
        'submitted',
        tallies('jobs_submitted', 'caller', 'priority'),
        countsOf(`SELECT concat_ws(' ', caller, ${priority}) AS key, count(*) AS n FROM jobs GROUP BY 1`),
      ],
      [
        'finished',
        tallies('jobs_finished', 'caller', 'model', 'state'),
        countsOf(`SELECT concat_ws(' ', caller, model_name, state) AS key, count(*) AS n FROM jobs
          WHERE finished_at IS NOT NULL GROUP BY 1`),
      ],
      ['starts', tallies('choices', 'reason'), countsOf(events(`= 'started'`, `bytes ->> 'reason'`))],
      ['retries', tallies('job_retries', 'code'), countsOf(events(`= 'released'`, `bytes ->> 'code'`))],
      ['failures', tallies('job_failures', 'code'), countsOf(events(`= 'failed'`, `bytes ->> 'code'`))],
      [
        'waits',
        { all: sum(tallies('job_wait', 'model')) },
        countsOf(
          `SELECT 'all' AS key, count(*) AS n FROM job_log
           WHERE kind = 'event' AND bytes ->> 'type' = 'started' AND attempt = 1`,
        ),
      ],
      [
        'tokens',
        tallies('tokens', 'type'),
        countsOf(`SELECT 'input' AS key, sum(prompt_tokens) AS n FROM jobs
          UNION ALL SELECT 'output', sum(completion_tokens) FROM jobs`),
      ],
      [
        'minutes',
        countsOf(`SELECT 'succeeded' AS key, sum(succeeded) AS n FROM samples
          UNION ALL SELECT 'failed', sum(failed) FROM samples UNION ALL SELECT 'cancelled', sum(cancelled) FROM samples`),
        countsOf(`SELECT state.value AS key, (SELECT count(*) FROM jobs WHERE jobs.state = state.value) AS n
          FROM json_each('["succeeded", "failed", "cancelled"]') AS state`),
      ],
      [
        'turns',
        countsOf(`SELECT id AS key, jobs AS n FROM turns WHERE jobs > 0`),
        countsOf(
          `SELECT turn AS key, count(*) AS n FROM jobs WHERE finished_at IS NOT NULL AND turn IS NOT NULL GROUP BY 1`,
        ),
      ],
      [
        'loads',
        { all: sum(tallies('loads', 'model')), ms: sum(tallies('load_ms', 'model')) },
        countsOf(
          `SELECT 'all' AS key, sum(loads) AS n FROM samples UNION ALL SELECT 'ms', sum(load_ms) FROM samples`,
        ),
      ],
    ]
    return pairs
      .map(([name, counted, happened]) => ({ name, counted, happened }))
      .filter(({ counted, happened }) => textOf(counted) !== textOf(happened))
  } finally {
    db.close()
  }
}

const sum = (counts: Counts): number => Object.values(counts).reduce((total, n) => total + n, 0)

const textOf = (counts: Counts): string =>
  JSON.stringify(
    Object.entries(counts)
      .filter(([, n]) => n)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )

/** Whether a worker has counted everything in the log. */
export const isAllCounted = (dbPath: string): boolean => {
  const db = new Database(dbPath, { readonly: true })
  const left = db.prepare('SELECT (SELECT max(id) FROM job_log) - log_id FROM counted').pluck().get()
  db.close()
  return left === 0
}
