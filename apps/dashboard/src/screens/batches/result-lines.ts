import type { BatchResult, JobState } from '@foreman/jobs'
import { partsOf } from '../../answer/answer-parts.ts'

/** A line of the results, without all of its answer. */
export interface ResultLine {
  readonly index: number
  /** The caller's own name for it. */
  readonly name?: string
  readonly job?: string
  readonly state: JobState
  /** How the answer or the error begins. */
  readonly beginning: string
}

const SHOWN_CHARACTERS = 300

/** @param json a line of the results. Undefined: it is blank, which only says that the server waits */
export const resultLine = (json: string): ResultLine | undefined => {
  if (json.trim() === '') return undefined
  const result = JSON.parse(json) as BatchResult
  const answer = 'result' in result ? textOf(result.result) : ''
  return {
    index: result.index,
    ...(result.custom_id !== undefined && { name: result.custom_id }),
    ...(result.id !== undefined && { job: result.id }),
    state: 'state' in result ? result.state : 'failed',
    beginning: (result.error ? `${result.error.code}: ${result.error.message}` : answer).slice(
      0,
      SHOWN_CHARACTERS,
    ),
  }
}

const textOf = (result: unknown): string => {
  const parts = partsOf(result)
  const said = parts.filter(({ kind }) => kind === 'text')
  return (said.length > 0 ? said : parts)
    .map(({ text }) => text)
    .join('')
    .trim()
}
