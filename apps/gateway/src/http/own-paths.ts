/** Whether a path is one of foreman's own API, rather than one of the target's. */
export const isOwnPath = (path: string): boolean =>
  path === '/jobs' || path.startsWith('/jobs/') || path === '/openapi.json'
