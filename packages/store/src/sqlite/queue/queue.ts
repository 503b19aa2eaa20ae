import { INTERNAL_ERROR } from '@foreman/jobs'
import type { Queue } from '../../contract.ts'
import type { Connection } from '../connection.ts'
import type { Changes } from '../log/changes.ts'
import { reads, type Writes } from '../verbs.ts'
import { prepareAgenda } from './agenda.ts'
import { prepareClaim, prepareClaimed } from './claim.ts'
import { prepareFailOverdue } from './fail-overdue.ts'
import { prepareFailQueued } from './fail-queued.ts'
import { prepareMemory, prepareRemember } from './memory.ts'
import { preparePromoteDue } from './promote-due.ts'
import { prepareReady } from './ready.ts'
import { prepareRegroup } from './regroup.ts'
import { prepareOldest, prepareSenders } from './senders.ts'
import { prepareTurn } from './turn.ts'
import { prepareWaitingLines } from './waiting-lines.ts'

export const queue = (connection: Connection, writes: Writes, changes: Changes): Queue => {
  const failQueued = prepareFailQueued(connection, changes)
  return {
    agenda: reads(prepareAgenda(connection)),
    waitingLines: reads(prepareWaitingLines(connection)),
    ready: reads(prepareReady(connection)),
    senders: reads(prepareSenders(connection)),
    oldest: reads(prepareOldest(connection)),
    regroup: prepareRegroup(connection, writes),
    claim: writes.quiet(prepareClaim(connection, changes)),
    claimed: reads(prepareClaimed(connection)),
    failBroken: writes.verb('full', (seq, ending) => failQueued(seq, INTERNAL_ERROR, ending)),
    turn: reads(prepareTurn(connection)),
    memory: reads(prepareMemory(connection)),
    remember: writes.lazy(prepareRemember(connection)),
    promoteDue: preparePromoteDue(connection, writes),
    failOverdue: prepareFailOverdue(connection, writes, failQueued),
  }
}
