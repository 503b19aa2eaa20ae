const isAtOrBelow = (path: string, root: string): boolean => path === root || path.startsWith(`${root}/`)

/** Whether a path is one of background jobs, or of batches of them. */
export const isJobsPath = (path: string): boolean =>
  isAtOrBelow(path, '/jobs') || isAtOrBelow(path, '/batches')

/** Whether a path is one of operations on many jobs or webhooks, which may take a while. */
export const isBulkPath = (path: string): boolean =>
  path === '/jobs/actions' ||
  path === '/deliveries' ||
  path.startsWith('/deliveries/') ||
  path.startsWith('/queue/operations/')

/** Whether a path is that of the description of the API. */
export const isDocumentPath = (path: string): boolean => path === '/openapi.json'

/** Whether a path shows the queue as a whole. */
export const isQueuePath = (path: string): boolean => path === '/queue' || path.startsWith('/queue/')

/** Whether a path belongs to foreman's own API. All other paths are the target's. */
export const isOwnPath = (path: string): boolean =>
  isJobsPath(path) || isBulkPath(path) || isQueuePath(path) || isDocumentPath(path)
