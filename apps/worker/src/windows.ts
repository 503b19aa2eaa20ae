import { priorities } from '@foreman/jobs'
import { canonicalModelName } from '@foreman/ollama-client'
import { parseWindows, type Window } from '@foreman/scheduling'

/** @returns the windows, with canonical names of models; undefined when the text cannot be read */
export const readWindows = (text: string): readonly Window[] | undefined => {
  const windows = parseWindows(text, priorities)?.map(window => ({
    ...window,
    subject: window.kind === 'model' ? canonicalModelName(window.subject) : window.subject,
  }))
  const isNamed = (window: { subject: string | undefined }): window is Window => window.subject !== undefined
  return windows?.every(isNamed) === true ? windows : undefined
}

/** @returns undefined when there is no such time zone */
export const readTimeZone = (text: string): string | undefined => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
  } catch {
    return undefined
  }
}

/** The time zone in which this process runs. Without windows it does not matter, and finding it out takes 10 MB of memory. */
export const ownTimeZone = (windows: readonly Window[]): string =>
  windows.length === 0 ? 'UTC' : new Intl.DateTimeFormat().resolvedOptions().timeZone
