import type { BatchState } from '@foreman/jobs'
import { useState } from 'preact/hooks'
import { send } from '../../api/api.ts'
import { messageOf } from '../../api/problem.ts'
import { session } from '../../api/session.ts'
import { useStore } from '../../store/use-store.ts'
import { Button } from '../../ui/button.tsx'
import { toast } from '../../ui/toasts.tsx'

const fileOf = (id: string): string => `${id}.jsonl`

/** Saves all results as JSON Lines, once they are there. */
export const Download = ({ batch: { id, ended } }: { readonly batch: BatchState }) => {
  const hasTokens = useStore(session.state, ({ you }) => you?.has_tokens)
  const [isRunning, setRunning] = useState(false)
  if (!ended) return <span>Results can be downloaded when all have ended</span>
  if (hasTokens === false)
    return (
      <a href={`../batches/${encodeURIComponent(id)}/results`} download={fileOf(id)}>
        Download the results
      </a>
    )
  const download = async () => {
    setRunning(true)
    try {
      await save(id)
    } catch (error) {
      toast(messageOf(error), 'failed')
    }
    setRunning(false)
  }
  return (
    <Button icon="download" isDisabled={isRunning} onClick={() => void download()}>
      {isRunning ? 'Downloading …' : 'Download the results'}
    </Button>
  )
}

/** A link cannot send a token. */
const save = async (id: string): Promise<void> => {
  const response = await send(`/batches/${encodeURIComponent(id)}/results`, {
    accept: 'application/x-ndjson',
  })
  const url = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = url
  link.download = fileOf(id)
  link.click()
  // The browser has begun to save it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
