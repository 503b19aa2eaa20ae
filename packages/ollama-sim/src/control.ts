import type http from 'node:http'
import { FAULT_KINDS, type Fault } from './faults.ts'
import type { Sim } from './sim-handle.ts'

/**
 * The simulator's own paths, for a process that can reach it only by HTTP:
 * `GET /sim/state` · `GET /sim/faults` · `POST /sim/faults` · `DELETE /sim/faults` · `DELETE /sim/faults/ID`.
 */
export const control = async (
  sim: Sim,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  body: Buffer,
): Promise<boolean> => {
  const [path = ''] = (request.url ?? '').split('?')
  if (!path.startsWith('/sim/')) return false
  const answer = (status: number, value: unknown) => {
    response.writeHead(status, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify(value))
    return true
  }
  const asked = `${request.method} ${path.replace(/\/\d+$/, '/ID')}`
  if (asked === 'GET /sim/state') {
    const { loads, loadsByModel, loadsAbandoned, inFlight, queued, requests, faults } = sim
    const resident = sim.resident()
    const shown = { loads, loadsByModel, loadsAbandoned, resident, inFlight, queued, faults }
    return answer(200, { ...shown, requests: requests.slice(-1000) })
  }
  if (asked === 'GET /sim/faults') return answer(200, sim.faults)
  if (asked === 'DELETE /sim/faults') await sim.clearFaults()
  else if (asked === 'DELETE /sim/faults/ID')
    await sim.clearFaults(Number(path.slice(path.lastIndexOf('/') + 1)))
  else if (asked === 'POST /sim/faults') {
    const fault = readFault(body)
    if (typeof fault === 'string') return answer(400, { error: fault })
    return answer(201, sim.fault(fault))
  } else return answer(404, { error: 'the simulation has no such control' })
  return answer(200, sim.faults)
}

const readFault = (body: Buffer): Fault | string => {
  let fault: Fault
  try {
    fault = JSON.parse(body.toString()) as Fault
  } catch {
    return 'the body is not JSON'
  }
  if (!FAULT_KINDS.includes(fault?.kind)) return `kind must be one of ${FAULT_KINDS.join(', ')}`
  // While the simulator refuses connections, nobody can lift the fault by HTTP.
  if (fault.kind === 'refuse' && !(Number(fault.forMs) > 0)) return 'refuse needs forMs'
  return fault
}
