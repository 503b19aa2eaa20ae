/** Tables whose rows are left out: they hold what others have sent, and nobody needs them to find out what is wrong. */
export const LEFT_OUT = ['snapshots', 'worker_memory', 'gone_receivers', 'file_parts'] as const

/** Another name for a caller, an account or a sender, the same one everywhere. */
const alias = (name: string): string =>
  `coalesce((SELECT alias FROM temp.aliases WHERE aliases.name = ${name}), '')`

/** As many bytes, which say nothing. */
const zeros = (bytes: string): string => `zeroblob(length(${bytes}))`

const callerIn = (labels: string): string => `json_extract(${labels}, '$.caller')`

/**
 * What stands in a copy without content in place of what can hold something of callers: what they ask and get, what they and their
 * receivers are called, and what others have said about it in words. All other columns hold times, numbers, states, models and their
 * options, and ids that foreman has made.
 */
export const REPLACED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  jobs: {
    path: 'endpoint',
    caller: alias('caller'),
    account: alias('account'),
    sender: alias('sender'),
    idempotency_key: `iif(idempotency_key IS NULL, NULL, 'key ' || seq)`,
    request_hash: 'NULL',
    error_message: 'NULL',
  },
  ready_counts: { account: alias('account'), sender: alias('sender') },
  job_details: { metadata: 'NULL', webhook_url: 'NULL' },
  job_requests: { headers: `'[]'`, body: zeros('body') },
  request_parts: { bytes: zeros('bytes') },
  job_log: { bytes: `iif(kind = 'event', bytes, ${zeros('bytes')})` },
  webhook_deliveries: { url: `''`, host: `''`, caller: alias('caller'), body: `''` },
  webhook_attempts: { error: 'NULL', response: 'NULL' },
  target: { reason: 'NULL' },
  models: { loading: 'NULL' },
  phases: { detail: 'NULL' },
  samples: { caller: alias('caller') },
  counted: { state: 'NULL' },
  tallies: {
    labels: `iif(${callerIn('labels')} IS NULL, labels, json_set(labels, '$.caller', ${alias(callerIn('labels'))}))`,
  },
  batches: { caller: alias('caller'), metadata: 'NULL', failure: 'NULL' },
  batch_lines: { custom_id: 'NULL', error_message: 'NULL' },
  files: { caller: alias('caller'), name: `''` },
  holds: {
    subject: `iif(kind = 'caller', ${alias('subject')}, subject)`,
    reason: 'NULL',
    by: alias('"by"'),
  },
  operations: { by: alias('"by"'), subject: `''`, reason: 'NULL', detail: 'NULL' },
}

/** Where the names of callers stand that get others. */
export const NAMED: readonly (readonly [table: string, name: string])[] = [
  ['jobs', 'caller'],
  ['jobs', 'account'],
  ['jobs', 'sender'],
  ['samples', 'caller'],
  ['tallies', callerIn('labels')],
  ['batches', 'caller'],
  ['files', 'caller'],
  ['webhook_deliveries', 'caller'],
  ['holds', '"by"'],
  ['holds', `iif(kind = 'caller', subject, NULL)`],
  ['operations', '"by"'],
]
