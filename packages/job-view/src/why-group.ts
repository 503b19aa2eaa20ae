import { inWords } from '@foreman/jobs'
import { heldUp, howLong, shownModel, type WaitsFor, type Why } from './why.ts'

export interface WaitingGroup {
  readonly waitsFor: WaitsFor
  /** How many jobs of the group that has the turn are left. */
  readonly jobsLeft: number
  /** In how many milliseconds its first job is likely to start, and starts at the latest. Undefined: nobody knows. */
  readonly startsInMs: number | undefined
  readonly latestInMs: number | undefined
}

/** Says for what the first job of a group waits, and until when at the latest. */
export const whyGroupWaits = ({ waitsFor, jobsLeft, startsInMs, latestInMs }: WaitingGroup): Why => {
  const { code } = waitsFor
  const until = howLong({ startsInMs, latestInMs })
  switch (waitsFor.code) {
    case 'other_turn':
      return { code, text: `${otherTurn(waitsFor.model, jobsLeft)}; ${until}` }
    case 'behind_in_line':
      return { code, text: `its model has the turn; ${until}` }
    case 'expecting':
      return { code, text: `the target waits a moment for a caller who is likely to come back; ${until}` }
    case 'paused':
    case 'held':
      return { code, text: heldUp(waitsFor) }
    case 'worker_away':
      return { code, text: 'no worker is running; it starts when one does' }
    case 'target_away':
      return { code, text: 'the target is away; it starts when that is back' }
    case 'delayed':
      return { code, text: `it is tried again in ${inWords(waitsFor.inMs)}` }
  }
}

const otherTurn = (model: string | undefined, jobsLeft: number): string => {
  const whose = model === undefined ? 'another model' : shownModel(model)
  const left = jobsLeft === 0 ? '' : `, ${jobsLeft === 1 ? '1 job is' : `${jobsLeft} jobs are`} left`
  return `${whose} has its turn${left}`
}
