import type { Session } from '../command-line/session.ts'

/** Closes the queue, and waits until nothing is left in it. It stays closed. */
export const drain = async (
  { reason }: { readonly reason?: string | undefined },
  session: Session,
): Promise<void> => {
  const { client, screen, signal } = session
  await client.queue.close({ reason }, { signal })
  screen.say('closed: no jobs are accepted until foreman open')
  let said = ''
  for await (const event of client.queue.events({ signal })) {
    if (event.event !== 'queue') continue
    const { queued, running, state, at, webhooks } = event.data
    const line = `${running} running, ${queued} waiting`
    if (line !== said) screen.sayInPlace((said = line))
    if (queued === 0 && running === 0) {
      if (screen.isJson) screen.json({ state, at, queued, running, webhooks })
      else if (webhooks && webhooks.pending > 0)
        screen.say(`${webhooks.pending} webhooks are still to be sent`)
      return
    }
  }
}
