import type { QueueSnapshot } from '@foreman/jobs'
import { curlLine } from '../../format/curl.ts'

/** A line for a shell that sends a job. */
export const firstRequest = ({ targets }: QueueSnapshot, hasTokens: boolean): string => {
  const model = targets[0]?.resident.find(each => each.model !== undefined)?.model ?? 'MODEL'
  const { href } = new URL('../api/generate', location.href)
  return curlLine({ url: href, hasTokens, json: JSON.stringify({ model, prompt: 'Why is the sky blue?' }) })
}
