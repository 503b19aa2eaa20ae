import { ForemanError } from '@foreman/foreman-client'
import { inWords, type ModelFigures } from '@foreman/jobs'
import type { Session } from '../command-line/session.ts'
import { right, type Row } from '../output/columns.ts'
import { printList } from '../output/list.ts'

interface Model extends Partial<ModelFigures> {
  readonly model: string
}

/** Lists the models of the target, and what foreman has measured of each. */
export const listModels = async (session: Session): Promise<void> => {
  const { client, screen, signal } = session
  const [{ models }, figures] = await Promise.all([client.tags({ signal }), figuresOf(session)])
  const measured = new Map(figures.map(each => [nameOf(each.model), each]))
  const listed = models.map((each): Model => measured.get(nameOf(each.name)) ?? { model: each.name })
  const names = new Set(listed.map(({ model }) => nameOf(model)))
  const all = [...listed, ...figures.filter(({ model }) => !names.has(nameOf(model)))]
  await printList(all, { rowOf }, screen)
}

/** What foreman has measured. A caller who does not see it gets the names alone. */
const figuresOf = async ({ client, signal }: Session): Promise<readonly ModelFigures[]> => {
  try {
    return (await client.queue.models({ signal })).models
  } catch (error) {
    if (error instanceof ForemanError && error.status === 403) return []
    throw error
  }
}

const nameOf = (model: string): string => model.replace(/:latest$/, '')

const rowOf = ({ model, jobs, loads, load_ms: loadMs, tokens_per_second: rate, ...rest }: Model): Row => {
  const { wait_p50_ms: half, wait_p95_ms: most, queued, running } = rest
  return [
    model,
    right(jobs === undefined ? undefined : `${jobs} jobs`),
    right(loads && loadMs !== undefined ? `${loads} loads of ${inWords(loadMs / loads)}` : undefined),
    right(rate === undefined ? undefined : `${Math.round(rate * 10) / 10} tokens/s`),
    right(
      half === undefined || most === undefined
        ? undefined
        : `waits ${inWords(half)}, ${inWords(most)} at most`,
    ),
    right(queued ? `${queued} waiting` : undefined),
    right(running ? `${running} running` : undefined),
  ]
}
