/** Whether an address to listen on can be reached from this machine alone. */
export const isLoopback = (host: string | undefined): boolean =>
  host !== undefined && (host === 'localhost' || host === '::1' || host.startsWith('127.'))
