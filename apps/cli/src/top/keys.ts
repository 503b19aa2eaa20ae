/** A key, as far as `foreman top` knows it: a letter, or a name. */
export type Key = 'up' | 'down' | 'enter' | 'escape' | 'interrupt' | (string & {})

const NAMES: ReadonlyMap<string, Key> = new Map([
  ['\u001b[A', 'up'],
  ['\u001bOA', 'up'],
  ['\u001b[B', 'down'],
  ['\u001bOB', 'down'],
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\u001b', 'escape'],
  ['\u0003', 'interrupt'],
])

/** What a terminal sends for a key: an escape sequence, or a character. */
// oxlint-disable-next-line no-control-regex -- keys are control characters
const KEY = /\u001b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])|[^]/gu

/** The keys that were pressed. */
export const keysIn = (text: string): Key[] => [...text.matchAll(KEY)].map(([key]) => NAMES.get(key) ?? key)
