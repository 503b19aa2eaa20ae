import { isEndState, type JobEvent, type JobEventData, type JobState } from '@foreman/jobs'
import type { Session } from '../command-line/session.ts'
import { exitCodes } from '../failures/exit-codes.ts'
import { AnswerPrinter } from './answer-printer.ts'

/** Prints the answer of a job as it comes: what it says, or its bytes as they are. Exits by the end of the job. */
export const tailJob = async (
  id: string,
  { isRaw }: { readonly isRaw: boolean },
  session: Session,
): Promise<number> => {
  const { client, screen, signal } = session
  const printer = new AnswerPrinter(screen)
  let [state, bytes]: [JobState | undefined, number] = [undefined, 0]
  for await (const event of client.events(id, { signal })) {
    if (isEndState(event.event)) state = event.event
    if (event.event === 'output') {
      const piece = bytesOf(event.data)
      bytes += piece.byteLength
      if (screen.isJson) screen.json(event)
      else if (isRaw) screen.write(piece)
      else printer.push(piece)
    } else if (screen.isJson) screen.json(event)
    else tell(event, printer)
  }
  printer.end()
  return state === 'succeeded' && bytes > 0 ? 0 : sayHowItEnded(id, session)
}

const bytesOf = ({ text, base64 }: JobEventData['output']): Buffer =>
  text === undefined ? Buffer.from(base64, 'base64') : Buffer.from(text)

/** Says what keeps the answer from coming. */
const tell = ({ event, data }: JobEvent, printer: AnswerPrinter): void => {
  if (event === 'estimate') printer.say(`waits: ${data.why.text}`)
  else if (event === 'retrying') printer.say(`attempt ${data.attempt} has failed: ${data.code}`)
  else if (event === 'reset' && data.attempt > 1)
    printer.restart(`attempt ${data.attempt} begins, and what came before is void`)
}

/** Says why there is no answer, or not all of one. */
const sayHowItEnded = async (id: string, { client, screen, signal }: Session): Promise<number> => {
  const { state, error, result_omitted: omitted } = await client.job(id, { signal })
  if (state === 'succeeded') {
    screen.say(`foreman: ${omitted ?? 'the answer is empty, or no longer there'}`)
    return omitted === undefined ? 0 : exitCodes.gone
  }
  screen.say(`foreman: the job has ${state}${error ? ` (${error.code}): ${error.message}` : ''}`)
  return exitCodes.failed
}
