import { shownModel, time } from '@foreman/job-view'
import type { Timeline } from '@foreman/jobs'
import type { StoreReader, TimeRange } from '@foreman/store'
import { groupName } from './snapshot.ts'

/** A page cannot show more of them. The last ones are kept. */
const MAX_TURNS = 1_500
const MAX_PHASES = 500

/** Which model had its turn when, and when none could. */
export const timelineOf = async ({ history }: StoreReader, { from, until }: TimeRange): Promise<Timeline> => {
  const [found, phases] = await Promise.all([
    // One more than is shown, to learn whether there are more.
    history.turns({ from, until }, MAX_TURNS + 1),
    history.phases({ from, until }, MAX_PHASES),
  ])
  return {
    from: time(from),
    until: time(until),
    turns: found.slice(-MAX_TURNS).map(turn => ({
      target: turn.target,
      group: groupName(turn.groupKey),
      models: (turn.models ?? []).map(shownModel),
      reason: turn.reason,
      from: time(turn.startedAt),
      ...(turn.loadedAt !== null && { loaded_at: time(turn.loadedAt) }),
      ...(turn.loadMs !== null && { load_ms: turn.loadMs }),
      ...timeOf('until', turn.endedAt ?? turn.lastAt),
      ...(turn.end !== null && { end: turn.end }),
      jobs: turn.jobs,
      tokens: turn.tokens,
      busy_ms: turn.busyMs,
    })),
    phases: phases.map(({ target, kind, detail, startedAt, endedAt }) => ({
      target,
      kind,
      ...(detail !== null && { detail }),
      from: time(startedAt),
      ...timeOf('until', endedAt),
    })),
    is_cut: found.length > MAX_TURNS,
  }
}

const timeOf = <Name extends string>(name: Name, at: number | null): { [K in Name]?: string } =>
  at === null ? {} : ({ [name]: time(at) } as { [K in Name]?: string })
