import type { History, HistoryReads } from '../../contract.ts'
import { minuteOf } from '../../counting/increments.ts'
import { TALLIES } from '../../counting/tallies.ts'
import type { NewLoad } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { reads, type Writes } from '../verbs.ts'
import { prepareAddSample, prepareAddTally } from './add.ts'
import { prepareCount } from './count.ts'
import { preparePruneHistory } from './prune.ts'
import { historyReads } from './read.ts'

export const history = (connection: Connection, writes: Writes): History & HistoryReads => {
  const count = prepareCount(connection)
  return {
    ...historyReads(connection),
    isDue: reads(count.isDue),
    count: writes.unheard(count.some),
    noteLoad: writes.verb('normal', prepareNoteLoad(connection)),
    noteLoaded: writes.verb('normal', prepareNoteLoaded(connection)),
    sample: writes.verb('normal', prepareSample(connection)),
    prune: writes.verb('normal', preparePruneHistory(connection)),
  }
}

const prepareNoteLoad = ({ sqlite }: Connection) => {
  const addTally = prepareAddTally(sqlite)
  const addSample = prepareAddSample(sqlite)
  const setLoad = sqlite.prepare('UPDATE turns SET load_ms = coalesce(load_ms, 0) + ? WHERE id = +?')

  return ({ turn, model, loadMs: exactMs, isForeign }: NewLoad, now: number): void => {
    const loadMs = Math.round(exactMs)
    const labels = JSON.stringify({ model, target: 'default' })
    addTally({ name: TALLIES.loads, labels, part: '', by: 1, at: now })
    addTally({ name: TALLIES.loadMs, labels, part: '', by: loadMs, at: now })
    if (isForeign) {
      const ofTarget = JSON.stringify({ target: 'default' })
      addTally({ name: TALLIES.foreignLoads, labels: ofTarget, part: '', by: 1, at: now })
    }
    addSample(minuteOf(now), '', { loads: 1, loadMs })
    if (turn !== null) setLoad.run(loadMs, turn)
  }
}

const prepareNoteLoaded = ({ sqlite }: Connection) => {
  const set = sqlite.prepare('UPDATE turns SET loaded_at = ? WHERE id = +?')
  return (turn: number, at: number | null): void => void set.run(at, turn)
}

const prepareSample = ({ sqlite }: Connection) => {
  const look = sqlite.prepare(
    `SELECT (SELECT coalesce(sum(jobs), 0) FROM ready_counts)
         + (SELECT count(*) FROM jobs WHERE state = 'queued' AND available_at IS NOT NULL) AS queued,
       (SELECT count(*) FROM jobs WHERE state = 'running') AS running,
       (SELECT min(created_at) FROM jobs
          WHERE seq = (SELECT seq FROM jobs WHERE state = 'queued' AND arrival IS NULL ORDER BY seq LIMIT 1)) AS oldest`,
  )
  const set = sqlite.prepare(
    `INSERT INTO samples (minute, caller, queued, running, oldest_wait_ms) VALUES (@minute, '', @queued, @running, @oldestWaitMs)
     ON CONFLICT DO UPDATE SET queued = excluded.queued, running = excluded.running, oldest_wait_ms = excluded.oldest_wait_ms`,
  )
  return (now: number): void => {
    const { queued, running, oldest } = look.get() as {
      readonly queued: number
      readonly running: number
      readonly oldest: number | null
    }
    const oldestWaitMs = oldest === null ? 0 : Math.max(0, now - oldest)
    set.run({ minute: minuteOf(now), queued, running, oldestWaitMs })
  }
}
