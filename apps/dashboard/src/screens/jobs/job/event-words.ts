import type { JobEvent } from '@foreman/jobs'
import { reasonInWords } from './attempt-words.ts'

/** What an event of a job says beside its name and its time. */
export const eventInWords = ({ event, data }: JobEvent): string => {
  switch (event) {
    case 'queued':
      return data.arrived_at === undefined ? '' : 'in the place of an earlier request'
    case 'started':
      return `attempt ${data.attempt}, because ${reasonInWords(data.reason)}`
    case 'head':
      return `attempt ${data.attempt}: the target answers with status ${data.status}`
    case 'retrying':
      return `attempt ${data.attempt}: ${data.code}`
    case 'lost':
      return `attempt ${data.attempt}: its worker died`
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      return endOf(event, data.code)
    case 'cancel_requested':
    case 'output':
    case 'progress':
    case 'reset':
    case 'estimate':
      return ''
  }
}

const endOf = (event: string, code: string | undefined): string =>
  code === undefined || code === event ? '' : code
