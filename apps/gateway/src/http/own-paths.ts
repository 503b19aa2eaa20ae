/** Whether a path belongs to foreman's own API. All other paths are the target's. */
export const isOwnPath = (path: string): boolean =>
  path === '/jobs' || path.startsWith('/jobs/') || path === '/openapi.json'
