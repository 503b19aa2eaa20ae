import type { Kind } from '../../testing/contract/engine.ts'

export const tableOf: Readonly<Record<Kind, string>> = {
  jobs: 'jobs',
  requests: 'job_requests',
  parts: 'request_parts',
  details: 'job_details',
  log: 'job_log',
  deliveries: 'webhook_deliveries',
  attempts: 'webhook_attempts',
  receivers: 'gone_receivers',
  arrivals: 'arrivals',
  gateways: 'gateways',
  workers: 'workers',
  batches: 'batches',
  batchLines: 'batch_lines',
  files: 'files',
  fileParts: 'file_parts',
}

export const kindOf: ReadonlyMap<string, Kind | 'other'> = new Map<string, Kind | 'other'>([
  ...Object.entries(tableOf).map(([kind, table]): [string, Kind] => [table, kind as Kind]),
  ...['target', 'models', 'snapshots', 'deployment'].map((table): [string, 'other'] => [table, 'other']),
])
