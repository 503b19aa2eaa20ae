/** How a command exits, besides with 0. docs/command.md says so to those who write scripts. */
export const exitCodes = {
  /** It failed, or what it was about has: a job that it watched, a foreman that is degraded. */
  failed: 1,
  /** The command line, or a setting, cannot be meant. */
  usage: 2,
  notReached: 3,
  /** The token is missing, is refused, or is not one of an operator. */
  refused: 4,
  /** There is none of that name, or no longer. */
  gone: 5,
  /** The time of `--timeout` is over. */
  timeout: 6,
  /** Ctrl-C: 128 and the number of the signal, as shells have it. */
  interrupted: 130,
  terminated: 143,
} as const
