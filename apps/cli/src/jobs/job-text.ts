import { ForemanError } from '@foreman/foreman-client'
import { text } from 'node:stream/consumers'
import type { Session } from '../command-line/session.ts'
import { escapeJson } from '../output/safe-text.ts'

/** The JSON of a job as foreman has sent it: numbers keep their digits, which `JSON.parse` would round. */
export const readJobText = async (id: string, { client, signal }: Session): Promise<string> => {
  const { status, body } = await client.open('GET', `/jobs/${encodeURIComponent(id)}`, [], undefined, signal)
  const json = await text(body)
  if (status === 200) return escapeJson(json.trimEnd())
  // What is wrong, in the words of the client.
  await client.job(id, { signal })
  throw new ForemanError(status)
}
