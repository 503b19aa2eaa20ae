import { useEffect, useState } from 'preact/hooks'
import { send } from '../../api/api.ts'
import { type ResultLine, resultLine } from './result-lines.ts'

const PAGE_LINES = 20

interface Read {
  readonly lines: readonly ResultLine[]
  /** There are more behind these. */
  readonly isFull: boolean
  /** The server has sent all there are. */
  readonly isEnd: boolean
  readonly error?: unknown
}

const NOTHING: Read = { lines: [], isFull: false, isEnd: false }

/**
 * A page of the results of a batch, as they come. The connection is kept only until the page is full.
 *
 * @param after the index of the last result before the page
 */
export const useResults = (id: string, after: string | undefined): Read & { readonly retry: () => void } => {
  const [times, setTimes] = useState(0)
  const [read, setRead] = useState<Read>(NOTHING)
  useEffect(() => {
    const leaving = new AbortController()
    const take = (change: (last: Read) => Read) => {
      if (!leaving.signal.aborted) setRead(change)
    }
    setRead(NOTHING)
    readPage(id, after, leaving.signal, line =>
      take(last => ({ ...last, lines: [...last.lines, line] })),
    ).then(
      isFull => take(last => ({ ...last, isFull, isEnd: !isFull })),
      (error: unknown) => take(last => ({ ...last, error })),
    )
    return () => leaving.abort()
  }, [id, after, times])
  return { ...read, retry: () => setTimes(last => last + 1) }
}

/** @returns whether there may be more */
const readPage = async (
  id: string,
  after: string | undefined,
  signal: AbortSignal,
  onLine: (line: ResultLine) => void,
): Promise<boolean> => {
  const { body } = await send(`/batches/${encodeURIComponent(id)}/results`, {
    query: { after },
    accept: 'application/x-ndjson',
    signal,
  })
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader()
  const pieces: string[] = []
  for (let lines = 0; ;) {
    const { done, value } = await reader.read()
    if (done) return false
    const [first = '', ...later] = value.split('\n')
    pieces.push(first)
    for (const next of later) {
      const line = resultLine(pieces.splice(0).join(''))
      pieces.push(next)
      if (!line) continue
      onLine(line)
      lines += 1
      if (lines < PAGE_LINES) continue
      await reader.cancel()
      return true
    }
  }
}
