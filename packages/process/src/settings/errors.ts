/** A setting that cannot be used. The message is one line: the setting, its value (unless secret) and what is allowed. */
export class SettingError extends Error {
  override name = 'SettingError'
}

/** Thrown for `--help`. The message is the text to print. */
export class HelpShown extends Error {
  override name = 'HelpShown'
}
