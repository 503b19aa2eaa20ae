import type { Session } from '../command-line/session.ts'

/** Asks after Ctrl-C whether the jobs that have not ended shall be cancelled. Where nobody can be asked they go on. */
export const offerToCancel = async (
  batches: readonly string[],
  { client, screen }: Pick<Session, 'client' | 'screen'>,
): Promise<void> => {
  const { signal } = new AbortController()
  if (batches.length === 0) return
  const goesOn = 'What foreman has goes on. The same command goes on where this one was'
  if (!screen.canAsk) return screen.say(goesOn)
  const isWanted = await screen.confirms('Cancel the jobs that have not ended?', { isAgreed: false, signal })
  if (!isWanted) return screen.say(goesOn)
  for (const id of batches) await client.batches.cancel(id)
  screen.say('They are cancelled. The same command submits them again')
}
