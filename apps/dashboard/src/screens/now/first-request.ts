import type { QueueSnapshot, QueueYou } from '@foreman/jobs'

/** A line for a shell that sends a job. */
export const firstRequest = ({ targets }: QueueSnapshot, you: QueueYou | undefined): string => {
  const model = targets[0]?.resident.find(each => each.model !== undefined)?.model ?? 'MODEL'
  const header = you?.has_tokens ? ` -H "Authorization: Bearer $FOREMAN_TOKEN"` : ''
  const url = new URL('../api/generate', location.href)
  return `curl${header} ${url.href} -d '{"model": "${model}", "prompt": "Why is the sky blue?"}'`
}
