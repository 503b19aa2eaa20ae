export const isAtOrBelow = (path: string, root: string): boolean =>
  path === root || path.startsWith(`${root}/`)

/** Whether a path is one of background jobs, or of batches of them. */
export const isJobsPath = (path: string): boolean =>
  isAtOrBelow(path, '/jobs') || isAtOrBelow(path, '/batches')

/** Whether a path is one of operations on many jobs or webhooks, which may take a while. */
export const isBulkPath = (path: string): boolean =>
  path === '/jobs/actions' || isAtOrBelow(path, '/deliveries') || path.startsWith('/queue/operations/')

/** Whether a path is one of OpenAI's for batches, which foreman serves and the target does not. */
export const isOpenAiBatchPath = (path: string): boolean =>
  isAtOrBelow(path, '/v1/files') || isAtOrBelow(path, '/v1/batches')

/** Whether a path is that of the description of the API. */
export const isDocumentPath = (path: string): boolean => path === '/openapi.json'

/** Whether a path shows the queue as a whole. */
export const isQueuePath = (path: string): boolean => isAtOrBelow(path, '/queue')

/** Whether a path is that of the metrics. FOREMAN_METRICS can leave it to the target. */
export const isMetricsPath = (path: string): boolean => path === '/metrics'

/** Whether a path is one of the page for operators. FOREMAN_DASHBOARD can leave it to the target. */
export const isDashboardPath = (path: string): boolean => isAtOrBelow(path, '/dashboard')

/** Whether a path belongs to foreman's own API. All others are the target's, or speak like it. */
export const isOwnPath = (path: string): boolean =>
  isJobsPath(path) ||
  isBulkPath(path) ||
  isQueuePath(path) ||
  isMetricsPath(path) ||
  isDashboardPath(path) ||
  isDocumentPath(path)
