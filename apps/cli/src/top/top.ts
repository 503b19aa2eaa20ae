import { setTimeout as delay } from 'node:timers/promises'
import type { Session } from '../command-line/session.ts'
import { exitCodes } from '../failures/exit-codes.ts'
import { status } from '../queue/status.ts'
import { keysIn } from './keys.ts'
import { Steps } from './steps.ts'
import { viewOf } from './view.ts'
import { Watching } from './watching.ts'

/** Clocks run on the screen, also while nothing happens. */
const TICK_MS = 1_000

/** Shows the queue live, until `q`. Without a terminal, it is shown once. */
export const top = async (session: Session): Promise<number> => {
  const { screen, fullScreen, stdin, signal } = session
  if (!screen.isTerminal || !stdin.isTTY || screen.isJson) return status(session)
  // Before the screen is taken: what is wrong now is said below it.
  const first = await session.client.queue.snapshot({ signal })
  const leaving = new AbortController()
  const over = AbortSignal.any([signal, leaving.signal])
  const watching = new Watching(session.client, over)
  const steps = new Steps(session.client, watching, signal)
  const draw = () =>
    fullScreen.show(viewOf(watching.state, watching.now, { ...fullScreen.size, styled: screen.styled }))
  fullScreen.enter()
  try {
    let exitCode: number | undefined
    fullScreen.onResize(draw)
    fullScreen.onInput(text => {
      for (const key of keysIn(text)) {
        if (key === 'interrupt') exitCode = exitCodes.interrupted
        else if (key === 'q' && !steps.isAsking) exitCode = 0
        else steps.press(key)
      }
      if (exitCode === undefined) draw()
      else leaving.abort()
    })
    watching.start(first, draw)
    while (exitCode === undefined) {
      draw()
      await delay(TICK_MS, undefined, { signal: over }).catch(() => undefined)
      signal.throwIfAborted()
    }
    return exitCode
  } finally {
    leaving.abort()
    fullScreen.leave()
  }
}
