/** The entries of a setting that is a list, without blanks around them and without empty ones. */
export const listEntries = (text: string): readonly string[] =>
  text
    .split(',')
    .map(entry => entry.trim())
    .filter(entry => entry !== '')
