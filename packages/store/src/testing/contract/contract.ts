import { describe } from 'vitest'
import { againContract } from './again.ts'
import { agendaContract } from './agenda.ts'
import { appendContract } from './append.ts'
import { arrivalsContract } from './arrivals.ts'
import { batchesContract } from './batches.ts'
import { cancelContract } from './cancel.ts'
import { catalogueContract } from './catalogue.ts'
import { changeContract } from './change.ts'
import { changesContract } from './changes.ts'
import { claimContract } from './claim.ts'
import { delaysContract } from './delays.ts'
import { deliveriesContract } from './deliveries.ts'
import type { Engine } from './engine.ts'
import { filesContract } from './files.ts'
import { gatewaysContract } from './gateways.ts'
import { historyContract } from './history.ts'
import { holdsContract } from './holds.ts'
import { keysContract } from './keys.ts'
import { leavingContract } from './leaving.ts'
import { locksContract } from './locks.ts'
import { lookupsContract } from './lookups.ts'
import { lostClaimsContract } from './lost-claims.ts'
import { messagesContract } from './messages.ts'
import { operationsContract } from './operations.ts'
import { orderContract } from './order.ts'
import { outputContract } from './output.ts'
import { overviewContract } from './overview.ts'
import { placesContract } from './places.ts'
import { processesContract } from './processes.ts'
import { receiversContract } from './receivers.ts'
import { recordsContract } from './records.ts'
import { requeueLostContract } from './requeue-lost.ts'
import { sendersContract } from './senders.ts'
import { stateContract } from './state.ts'
import { submissionsContract } from './submissions.ts'
import { targetContract } from './target.ts'
import { unitsContract } from './units.ts'
import { upkeepContract } from './upkeep.ts'
import { waitingLinesContract } from './waiting-lines.ts'
import { workersContract } from './workers.ts'

const contracts = [
  submissionsContract,
  keysContract,
  arrivalsContract,
  cancelContract,
  changeContract,
  batchesContract,
  filesContract,
  waitingLinesContract,
  sendersContract,
  placesContract,
  claimContract,
  delaysContract,
  appendContract,
  leavingContract,
  lostClaimsContract,
  requeueLostContract,
  outputContract,
  recordsContract,
  messagesContract,
  deliveriesContract,
  receiversContract,
  targetContract,
  catalogueContract,
  workersContract,
  gatewaysContract,
  operationsContract,
  holdsContract,
  upkeepContract,
  historyContract,
  overviewContract,
  unitsContract,
  againContract,
  orderContract,
  agendaContract,
  changesContract,
  locksContract,
  processesContract,
  stateContract,
  lookupsContract,
]

/** Everything that the store promises, and that holds for every engine. */
export const storeContract = (engine: Engine): void => {
  describe(`the store on ${engine.name}`, () => {
    for (const contract of contracts) contract(engine)
  })
}
