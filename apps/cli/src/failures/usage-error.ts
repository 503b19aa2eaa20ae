/** The command line, or a setting, cannot be meant. */
export class UsageError extends Error {
  override name = 'UsageError'
}
