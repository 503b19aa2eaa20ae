/** Whether a path is one of background jobs. */
export const isJobsPath = (path: string): boolean => path === '/jobs' || path.startsWith('/jobs/')

/** Whether a path is that of the description of the API. */
export const isDocumentPath = (path: string): boolean => path === '/openapi.json'

/** Whether a path belongs to foreman's own API. All other paths are the target's. */
export const isOwnPath = (path: string): boolean => isJobsPath(path) || isDocumentPath(path)
