/** A setting that cannot be used. Its message is one line: the setting, the value (never a secret's) and what is allowed. */
export class SettingError extends Error {
  override name = 'SettingError'
  readonly code = 'BAD_SETTING'
  /** Bad configuration: starting again would not help. */
  readonly exitCode = 2
}

/** Thrown for `--help`: its message is the text to print. */
export class HelpShown extends Error {
  override name = 'HelpShown'
  readonly code = 'HELP'
  readonly exitCode = 0
}
